package identity

import (
	"os"
	"strings"
)

// Base URLs of the login services.
const world, government = "https://login.microsoftonline.com", "https://login.microsoftonline.us"

// A Cloud is one of Microsoft's clouds that offer the Management Activity API.
type Cloud struct {
	Name      string // value of the option cloud
	Endpoint  string // base URL of the API, which is also its audience
	Authority string // base URL of the login service
}

// Clouds returns the clouds, the default one first.
//
// Endpoints: https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-reference.
// Authorities: https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud.
func Clouds() []Cloud {
	return []Cloud{
		{"enterprise", "https://manage.office.com", world},
		{"gcc", "https://manage-gcc.office.com", world},
		{"gcc_high", "https://manage.office365.us", government},
		{"dod", "https://manage.protection.apps.mil", government},
	}
}

// LookupCloud finds a cloud by its name.
func LookupCloud(name string) (Cloud, bool) {
	for _, c := range Clouds() {
		if c.Name == name {
			return c, true
		}
	}
	return Cloud{}, false
}

// authorityFor returns the login service of the cloud that a domain of Azure's services
// belongs to. The environment may name another, as it does for Microsoft's programs;
// custom reports one that is not Microsoft's.
func authorityFor(domain string) (authority string, custom bool) {
	if host := strings.TrimRight(os.Getenv("AZURE_AUTHORITY_HOST"), "/"); host != "" {
		return host, host != world && host != government
	}
	if strings.HasSuffix(domain, ".usgovcloudapi.net") {
		return government, false
	}
	return world, false
}
