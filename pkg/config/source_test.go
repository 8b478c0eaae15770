package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFileValuesAreReadAsWritten(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`K=v`:                        "v",
		` K = v `:                    "v",
		"K=v\r":                      "v",
		`export K=v`:                 "v",
		"export \t K=v":              "v",
		`K=`:                         "",
		`K= # nothing`:               "",
		`K=#nothing`:                 "",
		`K=a#b`:                      "a#b",
		"K=a\t# note":                "a",
		`K=a b # note`:               "a b",
		`K='a # $b \n' # note`:       `a # $b \n`,
		`K="a # b\n\t\"\\\$c"# note`: "a # b\n\t\"\\$c",
		`K=postgres://h/d?a=b`:       "postgres://h/d?a=b",
		"\ufeffK=v":                  "v",
	} {
		src, err := ParseFile("# comment\n\n" + line)
		if line[0] == 0xef {
			src, err = ParseFile(line)
		}
		require.NoError(t, err, line)
		require.Equal(t, Source{"K": want}, src, line)
	}
}

func TestBadFileLineIsNamed(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`just words`: `line 2: "just words": must be NAME=VALUE`,
		`=v`:         `line 2: "": must be NAME=VALUE`,
		`1K=v`:       `line 2: "1K": must be NAME=VALUE`,
		`K-K=v`:      `line 2: "K-K": must be NAME=VALUE`,
		`K="v`:       `line 2: K: the closing " is missing`,
		`K="v\`:      `line 2: K: the closing " is missing`,
		`K='v`:       `line 2: K: the closing ' is missing`,
		`K="v" w`:    `line 2: K: text after the closing quote`,
		`K='v'w`:     `line 2: K: text after the closing quote`,
		`K="\q"`:     `line 2: K: \q is no escape; use \n, \t, \r, \$, \" or \\`,
		`WORD123`:    `line 2: "WORD123": must be NAME=VALUE`,
		"A B C D E F G H I J K L M N O P Q R S T U V W X Y Z=1": `line 2: "A B C D E F G H I J K L M N O P Q R S T ...": must be NAME=VALUE`,
	} {
		_, err := ParseFile("OK=1\n" + line)
		require.EqualError(t, err, want)
	}
}

func TestTheProcessWinsOverTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), ".env")
	require.NoError(t, os.WriteFile(path, []byte("A=file\nB=file\n"), 0o600))
	src, err := Read(path, []string{"A=process", "C=", "=odd", "novalue"})
	require.NoError(t, err)
	require.Equal(t, Source{"A": "process", "B": "file", "C": ""}, src)

	src, err = Read(path+".none", []string{"A=1"})
	require.NoError(t, err)
	require.Equal(t, Source{"A": "1"}, src)

	_, err = Read(filepath.Dir(path), nil)
	require.ErrorContains(t, err, "read ")
}

func TestAnUnreadableFileStopsTheStart(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile(".env", []byte("BIDDING_LISTEN=a\n"), 0o600))
	require.Equal(t, "a", Environ()["BIDDING_LISTEN"])
	require.NoError(t, os.WriteFile(".env", []byte("\noops\n"), 0o600))
	_, err := load(Environ())
	require.EqualError(t, err, `.env: line 2: "oops": must be NAME=VALUE`)
}

func TestWithReplacesVariablesInACopy(t *testing.T) {
	t.Parallel()
	a := Source{"A": "1", "B": "1"}
	require.Equal(t, Source{"A": "1", "B": "2", "C": "3"}, a.With(Source{"B": "2", "C": "3"}))
	require.Equal(t, "1", a["B"])
}

func FuzzParseFile(f *testing.F) {
	f.Add("export A=\"b\\n\" # c\nB='x'\nC=1 # 2")
	f.Fuzz(func(t *testing.T, text string) {
		src, err := ParseFile(text)
		if err != nil {
			require.Nil(t, src)
			return
		}
		for name := range src {
			require.True(t, validName(name))
		}
	})
}
