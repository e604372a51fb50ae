package api

import (
	"fmt"
	"strings"
)

var sensitiveNames = map[string][2]string{ // by language
	"en": {"Credit Card Number", "International Banking Account Number (IBAN)"},
	"de": {"Kreditkartennummer", "Internationale Bankkontonummer (IBAN)"},
}

func (c *Service) sensitiveTypes(req *request) (string, error) {
	language := req.r.Header.Get("Accept-Language")
	if strings.Contains(language, ",") {
		return "", refusef("AF20053", "Only one language may be present in the Accept-Language header.")
	}
	language, _, _ = strings.Cut(strings.ToLower(language), "-")
	names, ok := sensitiveNames[language]
	if !ok {
		names = sensitiveNames["en"]
	}
	return fmt.Sprintf(`[{"id":"50842eb7-edc8-4019-85dd-5a5c1f2bb085","name":%q},{"id":"e7dc4711-11b7-4cb0-b88b-2c394a771f0e","name":%q}]`, names[0], names[1]), nil
}
