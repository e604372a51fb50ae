package api

import (
	"regexp"
	"slices"
	"strings"
)

// Verifier returns the tenant (a directory id) that a bearer token is for, and its
// roles. It fails for a token that is expired, forged or for another audience.
type Verifier func(bearer string) (tenant string, roles []string, err error)

// The roles of the service.
const (
	RoleRead    = "ActivityFeed.Read"
	RoleReadDLP = "ActivityFeed.ReadDlp"
)

var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func (c *Service) authorize(req *request) error {
	bearer, ok := strings.CutPrefix(req.r.Header.Get("Authorization"), "Bearer ")
	if !ok || bearer == "" {
		return errUnauthorized
	}
	id := req.r.PathValue("tenant")
	tokenTenant, roles := id, []string{RoleRead, RoleReadDLP}
	if c.opt.Verify != nil {
		var err error
		if tokenTenant, roles, err = c.opt.Verify(bearer); err != nil {
			return errUnauthorized
		}
	}
	switch {
	case !guid.MatchString(id):
		return refusef("AF20013", "The tenant ID passed in the URL (%s) is not a valid GUID.", id)
	case !strings.EqualFold(id, tokenTenant):
		return refusef("AF20010", "The tenant ID passed in the URL (%s) does not match the tenant ID passed in the access token (%s).", id, tokenTenant)
	}
	if req.tenant = c.tenants[strings.ToLower(id)]; req.tenant == nil {
		return refusef("AF20011", "Specified tenant ID (%s) does not exist in the system or has been deleted.", id)
	}
	// One missing role stops one content type, the other all of the rest.
	need := RoleRead
	if strings.EqualFold(req.contentOf, DLP) {
		need = RoleReadDLP
	} else if slices.Contains(roles, RoleReadDLP) && req.contentOf == "" {
		return nil
	}
	if !slices.Contains(roles, need) {
		return refusef("AF10001", "The permission set (%s) sent in the request does not include the expected permission.", strings.Join(roles, " "))
	}
	return nil
}
