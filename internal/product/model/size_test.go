package model

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPROD_003_LabelsHaveOneSpelling(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		system System
		typed  string
		want   string
	}{
		{"", "10", "10"},
		{USMen, " 10.0 ", "10"},
		{USMen, "10.5", "10.5"},
		{USMen, "10,5", "10.5"},
		{USMen, "10 1/2", "10.5"},
		{USMen, "10½", "10.5"},
		{USMen, "08.5", "8.5"},
		{USMen, "20", "20"},
		{USWomen, "8.5w", "8.5W"},
		{USGradeSchool, "5.5y", "5.5Y"},
		{USGradeSchool, "10C", "10C"},
		{USGradeSchool, "0", "0"},
		{UK, "9.5", "9.5"},
		{EU, "42.5", "42.5"},
		{EU, "42 2/3", "42 2/3"},
		{EU, "43⅓", "43 1/3"},
		{CM, "28.5", "28.5"},
	} {
		s := Size{System: c.system, Label: c.typed}
		require.NoError(t, s.Normalize(), "%s %q", c.system, c.typed)
		require.Equal(t, c.want, s.Label)
	}
}

func TestPROD_003_NonsenseIsNoLabel(t *testing.T) {
	t.Parallel()
	for system, labels := range map[System][]string{
		USMen:         {"", "large", "0.5", "20.5", "10.3", "10 2/3", "-1", "1e1", "100", "10 1/4", "10.5.5", "10Y", "１０"},
		USWomen:       {"8Y", "0"},
		USGradeSchool: {"5W", "21"},
		UK:            {"0", "9 1/3"},
		EU:            {"14", "55.5", "42 1/4", "10"},
		CM:            {"4", "41", "28.25", "28 1/3"},
	} {
		for _, label := range labels {
			s := Size{System: system, Label: label}
			requireField(t, s.Normalize(), "label")
		}
	}
	s := Size{System: "JP", Label: "28"}
	requireField(t, s.Normalize(), "system")
}

func TestPROD_003_SizesSortByWhatTheyMeasure(t *testing.T) {
	t.Parallel()
	for system, labels := range map[System][]string{
		USMen:         {"3.5", "9", "9.5", "10", "11"},
		EU:            {"42", "42 1/3", "42.5", "42 2/3", "43"},
		USGradeSchool: {"10C", "13.5C", "1Y", "5", "5.5Y"},
	} {
		last := int32(-1)
		for _, label := range labels {
			s := Size{System: system, Label: label}
			require.NoError(t, s.Normalize())
			require.Greater(t, s.SortKey, last, label)
			last = s.SortKey
		}
	}
}

func TestPROD_003_EverySystemHasARange(t *testing.T) {
	t.Parallel()
	require.Len(t, ranges, len(Systems()))
	for _, system := range Systems() {
		require.Contains(t, ranges, system)
	}
}

func FuzzLabel(f *testing.F) {
	for _, label := range []string{"10", "10.5", "42 2/3", "5.5Y", "½", "99"} {
		f.Add(label)
	}
	f.Fuzz(func(t *testing.T, label string) {
		for _, system := range Systems() {
			s := Size{System: system, Label: label}
			if s.Normalize() != nil {
				continue
			}
			again := s
			require.NoError(t, again.Normalize(), "the spelling of %q is no label", label)
			require.Equal(t, s, again)
		}
	})
}
