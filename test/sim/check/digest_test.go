package check

import "testing"

func TestDigest(t *testing.T) {
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{`{"a":1}`, `{ "a" : 1 }`, true},
		{`{"a":1,"b":2}`, `{"b":2,"a":1}`, false},
		{`{"a":1,"a":1}`, `{"a":1}`, false},
		{`{"a":26.0}`, `{"a":2.6e1}`, true},
		{`{"a":26.0}`, `{"a":26}`, false},
		{`{"a":1E9}`, `{"a":1000000000.0}`, true},
		{`{"a":9007199254740993}`, `{"a":9007199254740992}`, false},
		{`{"a":-1}`, `{"a":1}`, false},
		{`{"a":"\/\u0011\u00e9\ud83d\ude80"}`, `{"a":"/\u0011é🚀"}`, true},
		{`{"a":""}`, `{"a":null}`, false},
		{`{"a":{}}`, `{"a":[]}`, false},
		{`{"a":true}`, `{"a":false}`, false},
		{`{"a":[[],[1]]}`, `{"a":[[1],[]]}`, false},
		{`{"a":"b","c":"d"}`, `{"a":"bc","":"d"}`, false},
		{`{"a":1,"date":0.5}`, `{"a":1}`, true}, // date is ignored
		{`{"a":{"date":1}}`, `{"a":{}}`, false}, // but not deeper
	} {
		d := Digester{Ignore: []string{"date"}}
		a, _, err := d.Digest([]byte(test.a))
		if err != nil {
			t.Fatal(err)
		}
		b, _, err := d.Digest([]byte(test.b))
		if err != nil {
			t.Fatal(err)
		}
		if (a == b) != test.same {
			t.Errorf("%s and %s: same is %v", test.a, test.b, a == b)
		}
	}
	d := Digester{}
	if _, id, _ := d.Digest([]byte(`{"x":{"Id":"no"},"Id":"yes","y":[{"Id":"no"}]}`)); id != "yes" {
		t.Errorf("Id %q", id)
	}
}
