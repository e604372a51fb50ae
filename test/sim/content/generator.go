// Package content makes audit records as the content blobs of the Management
// Activity API hold them: JSON of every content type, with the fields, forms and
// oddities seen in the field. Nothing is stored: a record follows from its blob and
// its index, so it can be made again at any time.
package content

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// The content types of the API.
const (
	Entra      = "Audit.AzureActiveDirectory"
	Exchange   = "Audit.Exchange"
	SharePoint = "Audit.SharePoint"
	General    = "Audit.General"
	DLP        = "DLP.All"
)

// Types lists all content types.
func Types() []string { return []string{Entra, Exchange, SharePoint, General, DLP} }

// Blob is what the records of a content blob follow from.
type Blob struct {
	Key     uint64 // of the tenant and content type
	Tenant  string // directory id
	Type    string // content type
	Number  int    // of the blob, within tenant and content type
	Created time.Time

	RecordSize int // bytes that its records have at least, or up to half a kB less; 0: as they come
}

// Generator makes records, one after the other. It also is a source of random
// numbers: after Seed they depend on its arguments only.
type Generator struct {
	*rand.Rand
	pcg *rand.PCG
	b   []byte // the record that is being written
}

// NewGenerator returns a generator. It is for one goroutine at a time.
func NewGenerator() *Generator {
	pcg := rand.NewPCG(0, 0)
	return &Generator{Rand: rand.New(pcg), pcg: pcg}
}

// Seed sets the random numbers that follow.
func (g *Generator) Seed(key uint64, number, index int) {
	g.pcg.Seed(key, uint64(number)<<32|uint64(index))
	g.Uint64()
}

// Record makes the record at an index of a blob, a JSON object. The text is valid
// until the next record is made.
func (g *Generator) Record(b Blob, index int) []byte {
	g.Seed(b.Key, b.Number, index)
	g.b = g.b[:0]
	e := event{tenant: b.Tenant, user: &users[g.IntN(len(users))]}
	e.created = b.Created.Add(-time.Duration(g.IntN(90*60)) * time.Second)
	if g.one(50) {
		e.created = e.created.Add(-time.Duration(g.IntN(48)) * time.Hour)
	}
	e.hi, e.lo = g.Uint64(), g.Uint64()
	switch b.Type {
	case Entra:
		g.entra(e)
	case Exchange:
		g.exchange(e)
	case SharePoint:
		g.sharePoint(e)
	case DLP:
		// Two records in a row share an Id, as a match and its undoing do.
		if index%8 == 7 {
			g.Seed(b.Key, b.Number, index-1)
			g.IntN(len(users))
			e = g.twin(e)
		}
		g.dlp(e, index%8 == 7)
	default:
		g.general(e)
	}
	g.fill(b.RecordSize)
	return g.b
}

// event is what all records of the common schema share.
type event struct {
	tenant  string
	user    *user
	created time.Time
	hi, lo  uint64 // of the Id
}

// one is true once in n times.
func (g *Generator) one(n int) bool { return g.IntN(n) == 0 }

func pick[T any](g *Generator, from []T) T { return from[g.IntN(len(from))] }

// common writes the mandatory fields of the common schema
// (office-365-management-activity-api-schema, "Common schema").
func (g *Generator) common(e event, operation string, recordType int64, workload string) {
	g.open('{')
	zone := ""
	if g.one(2000) {
		zone = "Z"
	}
	g.time("CreationTime", e.created, zone)
	g.key("Id")
	g.b = append(g.b, '"')
	g.b = AppendGUID(g.b, e.hi, e.lo)
	g.b = append(g.b, '"')
	g.str("Operation", operation)
	g.str("OrganizationId", e.tenant)
	g.mixed("RecordType", recordType)
	if !g.one(16) {
		g.str("ResultStatus", pick(g, []string{"Succeeded", "Success", "True", "PartiallySucceeded", "Failed"}))
	}
	g.str("UserKey", e.user.puid, "@contoso.onmicrosoft.com")
	g.mixed("UserType", pick(g, []int64{0, 0, 0, 0, 2, 3, 4, 5, 10}))
	g.mixed("Version", 1)
	g.str("Workload", workload)
	if e.user.ip != "absent" && !g.one(3) {
		g.raw("ClientIP", e.user.ip)
	}
	g.str("UserId", e.user.upn)
}

// mixed writes a number that is a string in one record of a thousand.
func (g *Generator) mixed(k string, n int64) {
	if g.one(1000) {
		g.str(k, strconv.FormatInt(n, 10))
		return
	}
	g.num(k, n)
}
