package activity

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// unpermitted reports whether the app lacks a permission.
func unpermitted(err error) bool {
	var e *source.Error
	if !errors.As(err, &e) || codes[e.Code].what != "" || decide(err) == source.Throttle {
		return false
	}
	return e.Code == "AF10001" || e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden
}

// The ids of the API and of its application permissions, which are the same
// in every tenant (az ad sp show --id c5393580-f805-4401-95e8-94b7a6ef2fc2).
const apiID = "c5393580-f805-4401-95e8-94b7a6ef2fc2"

const (
	permissionRead    = "ActivityFeed.Read"
	permissionReadDLP = "ActivityFeed.ReadDlp"
)

var roleIDs = map[string]string{
	permissionRead:    "594c1fb6-4f81-4475-ae41-0c394909246c",
	permissionReadDLP: "4807a72c-ad38-4250-94c9-4eabfe26cd55",
}

// permissionOf returns the permission to read a content type.
func permissionOf(contentType string) string {
	if contentType == DLP {
		return permissionReadDLP
	}
	return permissionRead
}

// missingPermission is [MissingPermission] with the doubt of the client's login.
func (c *Client) missingPermission(contentType, app string) source.Explanation {
	doubt := ""
	if known, ok := c.tokens.(source.Permitter); ok {
		doubt = known.Doubt()
	}
	return MissingPermission(contentType, app, doubt)
}

// permitted reports whether the present token is known to hold the permission to read
// a content type.
func (c *Client) permitted(contentType string) bool {
	known, ok := c.tokens.(source.Permitter)
	return ok && known.Permits(permissionOf(contentType))
}

// MissingPermission explains that the application lacks the permission to read a
// content type. app is its id, "" if it is not known; doubt is that of the login, see
// [source.Permitter].
func MissingPermission(contentType, app, doubt string) source.Explanation {
	permission := permissionOf(contentType)
	x := source.Explanation{Topic: source.Permission, What: "the app may not read the audit log (" + permission + " is missing)"}
	if permission == permissionReadDLP {
		x.What = "the app may not read DLP events (" + permission + " is missing)"
	}
	if app == "" {
		app = "APPLICATION"
	}
	x.Do = fmt.Sprintf(`run "az ad app permission add --id %[1]s --api %[2]s --api-permissions %[3]s=Role" and "az ad app permission admin-consent --id %[1]s", `+
		"or in Entra ID, App registrations, API permissions add the application permission Office 365 Management APIs / %[4]s and grant admin consent", app, apiID, roleIDs[permission], permission)
	if doubt != "" {
		x.Do = doubt + "; else " + x.Do
	}
	return x
}
