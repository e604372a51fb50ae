package storage

import (
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
)

// advice is what an answer means and what to do about it; with says it for a kind of
// login. ACCOUNT, CONTAINER and HOST stand for those of the store.
type advice struct {
	what, do string
	with     map[string]advice
}

const (
	role      = "give it the role Storage Blob Data Contributor on the container CONTAINER; that takes up to ten minutes"
	newSAS    = "make a new one for the container with the permissions read, create, write, delete and list"
	newKey    = "take one of the keys of ACCOUNT under Access keys in the portal, and see that this machine's clock is right"
	firewall  = "allow this network under Networking of the account, or use a private endpoint"
	elsewhere = "use another container"
)

// answers are by Azure's codes.
// https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
// https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes
var answers = map[bloberror.Code]advice{
	bloberror.AuthenticationFailed: {what: "the account ACCOUNT does not take this login", do: "see that this machine's clock is right", with: map[string]advice{
		"key":      {what: "the key is not one of the account ACCOUNT", do: newKey},
		"SAS":      {what: "the SAS has expired, is not valid yet, or its key was rotated", do: newSAS},
		"identity": {what: "the account ACCOUNT does not take this login", do: "log in to the tenant that the account belongs to, and see that this machine's clock is right"},
	}},
	bloberror.InvalidAuthenticationInfo:   {what: "the account ACCOUNT does not take this login", do: "log in to the tenant that the account belongs to"},
	bloberror.NoAuthenticationInformation: {what: "the account ACCOUNT has got no login", do: "see whether a proxy removes headers"},
	bloberror.AuthorizationPermissionMismatch: {what: "this login may not do that in the container CONTAINER", do: role, with: map[string]advice{
		"SAS":      {what: "the SAS lacks a permission", do: newSAS},
		"identity": {what: "the identity has no role that lets it do that in the container CONTAINER", do: role},
	}},
	bloberror.InsufficientAccountPermissions: {what: "this login may not do that in the account ACCOUNT", do: role},
	bloberror.AuthorizationFailure: {what: "the firewall of the account ACCOUNT refuses this network, or the login lacks a role", do: firewall + "; else " + role, with: map[string]advice{
		"key": {what: "the firewall of the account ACCOUNT refuses this network", do: firewall},
		"SAS": {what: "the firewall of the account ACCOUNT refuses this network, or the SAS lacks a permission", do: firewall + "; else " + newSAS},
	}},
	bloberror.AuthorizationSourceIPMismatch:     {what: "the SAS is for other addresses than this machine's", do: newSAS},
	bloberror.AuthorizationProtocolMismatch:     {what: "the SAS is for https only", do: "use a URL with https"},
	bloberror.AuthorizationResourceTypeMismatch: {what: "the SAS is not for containers and objects", do: newSAS},
	bloberror.AuthorizationServiceMismatch:      {what: "the SAS is not for the blob service", do: newSAS},
	"KeyBasedAuthenticationNotPermitted":        {what: "the account ACCOUNT takes neither keys nor a SAS of one", do: "log in with an identity, or allow storage account key access under Configuration of the account"},
	"PublicAccessNotPermitted":                  {what: "the account ACCOUNT has got no login", do: "see whether a proxy removes headers"},

	bloberror.ContainerNotFound:     {what: "the account ACCOUNT has no container CONTAINER", do: "create it, or see to the URL"},
	bloberror.ContainerBeingDeleted: {what: "the container CONTAINER is being deleted", do: "wait for the end of that and create it again, or " + elsewhere},
	bloberror.ContainerDisabled:     {what: "the container CONTAINER is disabled", do: elsewhere},
	bloberror.AccountIsDisabled:     {what: "the account ACCOUNT is disabled", do: "see to its subscription"},
	bloberror.AccountBeingCreated:   {what: "the account ACCOUNT is being created"},
	bloberror.ResourceNotFound:      {what: "the container CONTAINER does not exist, or this login may not see it", do: "create it, or see to the URL and the login"},
	bloberror.InvalidResourceName:   {what: "the account ACCOUNT does not take the name of the container or of an object", do: "see to the URL's container and prefix"},
	bloberror.InvalidURI:            {what: "the account ACCOUNT does not take the name of the container or of an object", do: "see to the URL's container and prefix"},

	bloberror.BlobImmutableDueToPolicy:  {what: "an immutability policy or a legal hold keeps an object as it is", do: "leave it there for an archive; what is written again needs a container without"},
	"BlobImmutableDueToLegalHold":       {what: "a legal hold keeps an object as it is", do: "leave it there for an archive; what is written again needs a container without"},
	bloberror.UnauthorizedBlobOverwrite: {what: "this login may create objects, but not write them again", do: role, with: map[string]advice{"SAS": {what: "the SAS lets objects be created, but not written again", do: newSAS}}},
	bloberror.BlobArchived:              {what: "an object is in the archive tier, where it can't be read", do: "change its tier to Hot or Cool and wait for some hours"},
	bloberror.BlobBeingRehydrated:       {what: "an object is on its way back from the archive tier", do: "wait for some hours"},
	bloberror.InvalidBlobTier:           {what: "the account ACCOUNT does not have this access tier", do: "use another tier, or a general purpose v2 account"},
	bloberror.LeaseIDMissing:            {what: "somebody has leased an object of the container CONTAINER", do: "break that lease in the portal"},
	bloberror.InvalidBlobType:           {what: "an object of the container CONTAINER is no block blob", do: "remove it, or " + elsewhere},
	bloberror.SnapshotsPresent:          {what: "an object can't be deleted because of its snapshots", do: "delete these"},
	bloberror.InvalidBlockList:          {what: "blocks of an upload are gone: another writer used the name meanwhile", do: ""},

	bloberror.ServerBusy:        {what: "the account ACCOUNT is busy"},
	bloberror.OperationTimedOut: {what: "the account ACCOUNT is slow"},
	bloberror.InternalError:     {what: "the account ACCOUNT has a fault"},
	bloberror.SystemInUse:       {what: "the account ACCOUNT is busy"},

	bloberror.InvalidHeaderValue: {what: "the account ACCOUNT refuses a header", do: "start Azurite, if it is that, with --skipApiVersionCheck, or update it; else report this as a bug"},
}

var foreign = advice{what: "HOST does not answer as Azure does", do: "see whether it is a proxy or a portal to log in"}

// name fills in the names of the store.
func (a *azure) name(text string) string {
	return strings.NewReplacer("ACCOUNT", a.account, "CONTAINER", a.container, "HOST", a.host).Replace(text)
}
