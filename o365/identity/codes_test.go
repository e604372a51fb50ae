package identity

import (
	"errors"
	"fmt"
	"testing"
)

// Every code has both what is wrong and what to do.
func TestMeanings(t *testing.T) {
	for code, m := range meanings {
		if m.what == "" || m.remedy == "" {
			t.Errorf("AADSTS%d: %+v", code, m)
		}
	}
	for _, code := range []int{7000215, 700016, 90002, 7000222, 700027, 50034, 900023, 65001, 53003} {
		if _, ok := meanings[code]; !ok {
			t.Errorf("AADSTS%d has no meaning", code)
		}
	}
}

// A code is transient where there is nothing to do but to retry.
func TestTransientCodes(t *testing.T) {
	for code, m := range meanings {
		body := fmt.Sprintf(`{"error":"invalid_client","error_description":"AADSTS%d: Text.","error_codes":[%[1]d]}`, code)
		for _, status := range []int{200, 400, 401, 500} {
			var e *Error
			err := (&requester{method: ClientSecret}).refused(credential{}, &recorder{status: status, body: []byte(body)})
			if want := m.remedy != later && status < 500; !errors.As(err, &e) || e.configuration != want {
				t.Errorf("AADSTS%d with status %d: %v; want that somebody has to act: %t", code, status, err, want)
			}
		}
	}
	for code := range transient {
		if meanings[code].remedy != later {
			t.Errorf("AADSTS%d: %q", code, meanings[code].remedy)
		}
	}
}
