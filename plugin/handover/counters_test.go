package handover

import "testing"

const stamp = "2026-08-21T10:00:00.123456789Z "

func TestParseCounters(t *testing.T) {
	const (
		records = stamp + `fluentbit_input_records_total{name="o365.0"} = 12` + "\n"
		bytes   = stamp + `fluentbit_input_bytes_total{name="o365.0"} = 3456` + "\n"
		ring    = stamp + `fluentbit_input_ring_buffer_writes_total{name="o365.0"} = 7` + "\n"
	)
	tests := []struct {
		name string
		text string
		want Counters
		ok   bool
	}{
		{"4.1 and later", bytes + records + ring, Counters{Amount{12, 3456}, 7, true}, true},
		{"before 4.1", bytes + records, Counters{Amount{12, 3456}, 0, false}, true},
		{"large numbers", bytes + stamp + `fluentbit_input_records_total{name="x"} = 9007199254740991` + "\n", Counters{Amount{9007199254740991, 3456}, 0, false}, true},
		{"exponent", bytes + stamp + `fluentbit_input_records_total{name="x"} = 1.5e+17` + "\n", Counters{Amount{150000000000000000, 3456}, 0, false}, true},
		{"a strange alias", bytes + stamp + `fluentbit_input_records_total{name="a} = 5 {"} = 12` + "\n", Counters{Amount{12, 3456}, 0, false}, true},
		{"other metrics", stamp + `fluentbit_input_logs_tag_records_total{name="o365.0",tag="a"} = 99` + "\n" + bytes + records, Counters{Amount{12, 3456}, 0, false}, true},
		{"no labels", stamp + "fluentbit_input_records_total = 1\n" + stamp + "fluentbit_input_bytes_total = 2\n", Counters{Amount{1, 2}, 0, false}, true},
		{"no bytes", records + ring, Counters{}, false},
		{"no records", bytes + ring, Counters{}, false},
		{"not a number", bytes + stamp + `fluentbit_input_records_total{name="x"} = nan` + "\n", Counters{}, false},
		{"too large", bytes + stamp + `fluentbit_input_records_total{name="x"} = 1e19` + "\n", Counters{}, false},
		{"a fraction", bytes + stamp + `fluentbit_input_records_total{name="x"} = 1.5` + "\n", Counters{}, false},
		{"below zero", bytes + stamp + `fluentbit_input_records_total{name="x"} = -1` + "\n", Counters{}, false},
		{"cut off", bytes + stamp + `fluentbit_input_records_total{name="x"}`, Counters{}, false},
		{"empty", "", Counters{}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok := ParseCounters(test.text)
			if ok != test.ok || ok && got != test.want {
				t.Errorf("%+v, %t; want %+v, %t", got, ok, test.want, test.ok)
			}
		})
	}
}

func FuzzParseCounters(f *testing.F) {
	f.Add(stamp + `fluentbit_input_records_total{name="o365.0"} = 12` + "\n" + stamp + `fluentbit_input_bytes_total{name="a = b"} = 1e3`)
	f.Fuzz(func(t *testing.T, text string) {
		if c, ok := ParseCounters(text); ok && (c.Records < 0 || c.Bytes < 0 || c.RingWrites < 0) {
			t.Errorf("below zero: %+v", c)
		}
	})
}
