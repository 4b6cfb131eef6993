package sqlshape

import (
	"slices"
	"testing"
)

func TestShapes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Shape{
		`SELECT 'it''s', "a""b", 1.5e3 FROM T -- '`:       {"select S , Q , 1 from t", []string{"it's"}, []string{`a"b`}},
		"INSERT INTO `t` VALUES (X'27', n'x', -7, $$'$$)": {"insert into Q values ( X , S , - 1 , S )", []string{"x"}, []string{"t"}},
		`SELECT '\' /* ' */, 'a`:                          {`select S , ' a`, []string{`\`}, nil},
	} {
		if got := Of(text); got.Tokens != want.Tokens || !slices.Equal(got.Strings, want.Strings) || !slices.Equal(got.Names, want.Names) {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}
