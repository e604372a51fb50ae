// Package cloud has the names of package api for tests outside of this folder that
// have not followed yet. Nothing new is to use it.
package cloud

import (
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
)

type (
	Cloud        = api.Service
	Options      = api.Options
	Quota        = api.Quota
	Fault        = api.Fault
	Duration     = api.Duration
	CheckOptions = check.Options
	Report       = check.Report
)

const (
	DefaultTenant = api.DefaultTenant
	Entra         = api.Entra
	Exchange      = api.Exchange
	SharePoint    = api.SharePoint
	General       = api.General
	DLP           = api.DLP
	RoleRead      = api.RoleRead
	RoleReadDLP   = api.RoleReadDLP
	Throttle      = api.Throttle
	Huge          = api.Huge
	Insert        = api.Insert
	SameID        = api.SameID
	Number        = api.Number
)

var (
	New          = api.New
	ContentTypes = api.ContentTypes
	Flaky        = api.Flaky
)
