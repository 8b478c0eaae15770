package config

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type section struct {
	URL      string        `env:"STORE_URL" secret:"true" doc:"an address"`
	MaxConns int32         `env:"STORE_MAX_CONNS" envDefault:"25" doc:"most connections"`
	Idle     time.Duration `env:"STORE_IDLE" envDefault:"30m"`
}

func (s section) Validate() error {
	if s.MaxConns < 1 {
		return Bad("STORE_MAX_CONNS", s.MaxConns, "must be 1 or more")
	}
	return nil
}

type settings struct {
	Common
	Listen string        `env:"BIDDING_LISTEN" envDefault:"127.0.0.1:50053" doc:"address"`
	MaxTTL time.Duration `env:"BIDDING_MAX_TTL" envDefault:"8760h"`
	Retry  uint8         `env:"BIDDING_RETRY" envDefault:"3"`
	Strict bool          `env:"BIDDING_STRICT" envDefault:"true"`
	Store  section
	hidden int
}

func (s settings) Validate() error {
	var problems []error
	if s.MaxTTL <= 0 {
		problems = append(problems, Bad("BIDDING_MAX_TTL", s.MaxTTL, "must be more than 0s"))
	}
	if s.Retry > 9 {
		problems = append(problems, Bad("BIDDING_RETRY", s.Retry, "must be 0 to 9"))
	}
	return errors.Join(problems...)
}

func load(src Source) (settings, error) { return Load[settings](src, "BIDDING_") }

func TestDefaultsNeedNoVariable(t *testing.T) {
	t.Parallel()
	for _, src := range []Source{nil, {}, {"BIDDING_LISTEN": "", "HOME": "/x"}} {
		got, err := load(src)
		require.NoError(t, err)
		require.Equal(t, settings{
			Common: Common{Environment: Development, ShutdownGrace: 20 * time.Second},
			Listen: "127.0.0.1:50053", MaxTTL: 8760 * time.Hour, Retry: 3, Strict: true,
			Store: section{MaxConns: 25, Idle: 30 * time.Minute},
		}, got)
		require.False(t, got.Production())
	}
}

func TestBadValueNamesVariableValueAndWhatIsAllowed(t *testing.T) {
	t.Parallel()
	for variable, c := range map[string]struct{ value, want string }{
		"BIDDING_MAX_TTL": {"abc", `BIDDING_MAX_TTL="abc": must be a duration such as 720h`},
		"BIDDING_RETRY":   {"256", `BIDDING_RETRY="256": must be a whole number from 0 to 255`},
		"BIDDING_STRICT":  {"ja", `BIDDING_STRICT="ja": must be true or false`},
		"STORE_MAX_CONNS": {"-99999999999", `STORE_MAX_CONNS="-99999999999": must be a whole number from -2147483648 to 2147483647`},
		"ENVIRONMENT":     {"prod", `ENVIRONMENT="prod": must be development, test or production`},
		"SHUTDOWN_GRACE":  {"1h", `SHUTDOWN_GRACE="1h0m0s": must be 1s to 10m`},
		"SHUTDOWN_DELAY":  {"-1s", `SHUTDOWN_DELAY="-1s": must be 0s to 1m`},
	} {
		_, err := load(Source{variable: c.value})
		require.EqualError(t, err, c.want)
	}
}

func TestEveryProblemIsToldAtOnceAndOnce(t *testing.T) {
	t.Parallel()
	_, err := load(Source{"BIDDING_MAX_TTL": "0s", "BIDDING_RETRY": "10", "STORE_MAX_CONNS": "0", "SHUTDOWN_GRACE": "0s"})
	var e *Error
	require.ErrorAs(t, err, &e)
	require.ElementsMatch(t, []string{
		`SHUTDOWN_GRACE="0s": must be 1s to 10m`,
		`STORE_MAX_CONNS="0": must be 1 or more`,
		`BIDDING_MAX_TTL="0s": must be more than 0s`,
		`BIDDING_RETRY="10": must be 0 to 9`,
	}, e.Problems)
	_, err = load(Source{"BIDDING_MAX_TTL": "x", "BIDDING_RETRY": "y", "BIDDING_NOPE": "1"})
	require.ErrorAs(t, err, &e)
	require.Len(t, e.Problems, 3)
	require.NotContains(t, err.Error(), "\n")
}

func TestUnknownVariableOfTheServiceNamesTheNearest(t *testing.T) {
	t.Parallel()
	for variable, want := range map[string]string{
		"BIDDING_MAX_TL":          "BIDDING_MAX_TL: unknown variable; did you mean BIDDING_MAX_TTL",
		"BIDDING_LISTN":           "BIDDING_LISTN: unknown variable; did you mean BIDDING_LISTEN",
		"BIDDING_STORE_MAXCONNS":  "BIDDING_STORE_MAXCONNS: unknown variable; did you mean BIDDING_STORE_MAX_CONNS",
		"BIDDING_QQQQQQQQQQQQQQQ": "BIDDING_QQQQQQQQQQQQQQQ: unknown variable",
	} {
		_, err := load(Source{variable: "1"})
		require.ErrorContains(t, err, want)
	}
	_, err := load(Source{"BIDDING_QQQQQQQQQQQQQQQ": "1"})
	require.NotContains(t, err.Error(), "did you mean")
	_, err = load(Source{"BID_LISTEN": "1", "LISTEN": "2"})
	require.NoError(t, err, "only the service's own prefix is strict")
	_, err = Load[settings](Source{"USER_ZDOTDIR": "/home/x"}, "USER_")
	require.NoError(t, err, "another program's variable")
}

func TestPrefixSetsASharedVariableForOneServiceAlone(t *testing.T) {
	t.Parallel()
	src := Source{"STORE_URL": "all", "BIDDING_STORE_URL": "mine", "BIDDING_STORE_MAX_CONNS": "7", "BIDDING_STORE_IDLE": ""}
	got, err := load(src)
	require.NoError(t, err)
	require.Equal(t, section{URL: "mine", MaxConns: 7, Idle: 30 * time.Minute}, got.Store)
	require.Equal(t, "all", src["STORE_URL"], "the source is left alone")

	_, err = load(Source{"BIDDING_STORE_MAX_CONNS": "many"})
	require.ErrorContains(t, err, `BIDDING_STORE_MAX_CONNS="many"`, "the name that was set is named")
	_, err = load(Source{"BIDDING_STORE_MAX_CONNS": "0"})
	require.EqualError(t, err, `BIDDING_STORE_MAX_CONNS="0": must be 1 or more`)
}

type odd struct {
	Key    int      `env:"ODD_KEY" secret:"true"`
	Must   string   `env:"ODD_MUST,required" doc:"such as a word"`
	Full   int      `env:"ODD_FULL,notEmpty" envDefault:""`
	List   []int    `env:"ODD_LIST" envDefault:"1,2"`
	Count  int      `env:"ODD_COUNT" envDefault:"1"`
	Many   uint     `env:"ODD_MANY" envDefault:"1"`
	Share  float64  `env:"ODD_SHARE" envDefault:"1" doc:"a share of 1"`
	Other  *float32 `env:"ODD_OTHER"`
	Nested struct {
		Deep int `env:"DEEP" envDefault:"4"`
	} `envPrefix:"ODD_NESTED_"`
	Ignored string `env:"-"`
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	_, err := Load[odd](Source{"ODD_KEY": "hunter2", "ODD_MUST": "x", "ODD_FULL": "1"})
	require.EqualError(t, err, "ODD_KEY: must be a whole number")
}

func TestEveryKindOfFieldSaysWhatIsAllowed(t *testing.T) {
	t.Parallel()
	_, err := Load[odd](Source{
		"ODD_LIST": "1,b", "ODD_COUNT": "1.5", "ODD_MANY": "-1", "ODD_SHARE": "much", "ODD_OTHER": "x", "ODD_NESTED_DEEP": "d",
	}, "ODD_")
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, []string{
		"ODD_MUST is not set: must be such as a word",
		"ODD_FULL is not set: must be a whole number",
		`ODD_LIST="1,b": must be a list separated by commas`,
		`ODD_COUNT="1.5": must be a whole number`,
		`ODD_MANY="-1": must be a whole number, 0 or more`,
		`ODD_SHARE="much": must be a share of 1`,
		`ODD_OTHER="x": must be a *float32`,
		`ODD_NESTED_DEEP="d": must be a whole number`,
	}, e.Problems)
	got, err := Load[odd](Source{"ODD_MUST": "x", "ODD_FULL": "1", "ODD_NESTED_DEEP": "5"}, "ODD_")
	require.NoError(t, err)
	require.Equal(t, 5, got.Nested.Deep)
}

func TestAProgrammersMistakeIsAnErrorToo(t *testing.T) {
	t.Parallel()
	_, err := Load[int](Source{})
	require.Error(t, err)
	_, err = Load[struct {
		C chan int `env:"C"`
	}](Source{"C": "1"})
	require.Error(t, err)
}

func TestDescribeListsEverySetting(t *testing.T) {
	t.Parallel()
	got := Describe(&settings{hidden: 1})
	require.Equal(t, got, Describe(settings{}))
	require.Equal(t, Variable{Name: "ENVIRONMENT", Default: "development", Doc: "development, test or production"}, got[0])
	require.Contains(t, got, Variable{Name: "STORE_URL", Doc: "an address", Secret: true})
	require.Contains(t, got, Variable{Name: "BIDDING_MAX_TTL", Default: "8760h"})
	require.Len(t, got, 10)
	require.Contains(t, Describe(odd{}), Variable{Name: "ODD_MUST", Doc: "such as a word", Required: true})
	require.Contains(t, Describe(odd{}), Variable{Name: "ODD_NESTED_DEEP", Default: "4"})
}
