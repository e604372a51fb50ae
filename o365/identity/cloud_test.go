package identity

import "testing"

func TestLookupCloud(t *testing.T) {
	tests := []struct {
		name string
		want Cloud
		ok   bool
	}{
		{"enterprise", Cloud{"enterprise", "https://manage.office.com", "https://login.microsoftonline.com"}, true},
		{"gcc", Cloud{"gcc", "https://manage-gcc.office.com", "https://login.microsoftonline.com"}, true},
		{"gcc_high", Cloud{"gcc_high", "https://manage.office365.us", "https://login.microsoftonline.us"}, true},
		{"dod", Cloud{"dod", "https://manage.protection.apps.mil", "https://login.microsoftonline.us"}, true},
		{"china", Cloud{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := LookupCloud(tt.name); got != tt.want || ok != tt.ok {
				t.Errorf("LookupCloud = %+v, %v", got, ok)
			}
		})
	}
}
