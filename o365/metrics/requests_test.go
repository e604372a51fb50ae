package metrics

import (
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

func TestRequestsAreCountedByTheMostSpecificCode(t *testing.T) {
	for _, tt := range []struct {
		operation source.Op
		outcomes  []string
		want      string
	}{
		{source.OpList, []string{"200"}, "200"},
		{source.OpList, []string{"AF20022", "400", "4xx"}, "AF20022"},
		{source.OpStart, []string{"AF20022", "400", "4xx"}, "400"},
		{source.OpList, []string{"AF99999", "418", "4xx"}, "4xx"},
		{source.OpList, []string{"", "503", "5xx"}, "5xx"},
		{source.OpDownload, []string{"", "404", "4xx"}, "404"},
		{source.OpList, []string{"", "404", "4xx"}, "4xx"},
		{source.OpDownload, []string{"AF429", "403", "4xx"}, "AF429"},
		{source.OpToken, []string{source.OutcomeTimeout, source.OutcomeNetwork}, source.OutcomeTimeout},
		{source.OpStart, []string{source.OutcomeDNS, source.OutcomeNetwork}, source.OutcomeNetwork},
		{source.OpToken, []string{"302", "3xx"}, source.OutcomeOther},
	} {
		set, tenant, _ := newStream()
		tenant.Requested(tt.operation, tt.outcomes...)
		for _, s := range set.Series() {
			if s.Name != "requests_total" {
				continue
			}
			want := 0.0
			if s.Values[1] == string(tt.operation) && s.Values[2] == tt.want {
				want = 1
			}
			if s.Value() != want {
				t.Errorf("%s %q: %q is %v, want %v", tt.operation, tt.outcomes, s.Values, s.Value(), want)
			}
		}
	}
}
