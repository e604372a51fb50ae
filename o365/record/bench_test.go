package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/elements"
	"github.com/tinylib/msgp/msgp"
)

// blob makes up a blob of n records with the sizes, fields and escapes of real
// ones: half of them within 1.3 KB, 95 % within 2.1 KB, ten backslashes per KB.
func blob(n int) []byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	id := func() string {
		return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", rnd.Uint32(), rnd.Uint32()>>16,
			rnd.Uint32()>>16, rnd.Uint32()>>16, rnd.Uint64()>>16)
	}
	pick := func(of ...string) string { return of[rnd.IntN(len(of))] }
	at := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	b := []byte{'['}
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		at = at.Add(time.Duration(rnd.IntN(3)) * time.Second)
		b = fmt.Appendf(b, `{"CreationTime":"%s","Id":"%s","Operation":"%s","OrganizationId":"1cef1fdb-ff52-48c4-8e4e-dfb5ea83d357",`,
			at.Format("2006-01-02T15:04:05"), id(),
			pick("UserLoggedIn", "FileAccessed", "Set-Mailbox", "MailItemsAccessed", "Update user."))
		b = fmt.Appendf(b, `"RecordType":%d,"ResultStatus":"Success","UserKey":"%s","UserType":%d,"Version":1,"Workload":"%s",`,
			rnd.IntN(200), id(), rnd.IntN(6), pick("AzureActiveDirectory", "Exchange", "SharePoint", "OneDrive"))
		b = fmt.Appendf(b, `"ClientIP":"%d.%d.%d.%d:%d","ObjectId":"%s","UserId":"user%03d@contoso.onmicrosoft.com",`,
			rnd.IntN(256), rnd.IntN(256), rnd.IntN(256), rnd.IntN(256), rnd.IntN(65536), id(), rnd.IntN(400))
		b = fmt.Appendf(b, `"AzureActiveDirectoryEventType":1,"ExternalAccess":%t,"OrganizationName":"contoso.onmicrosoft.com",`, rnd.IntN(2) == 0)
		b = append(b, `"OriginatingServer":"DM6PR04MB5082 (15.20.4200.000)\r\n","SessionId":"",`...)
		b = append(b, `"ExtendedProperties":[{"Name":"additionalDetails","Value":"{\"UserType\":\"Member\"}"},`...)
		b = append(b, `{"Name":"extendedAuditEventCategory","Value":"User"}],"Parameters":[`...)
		for p := range 1 + rnd.IntN(4) + rnd.IntN(3)*rnd.IntN(3) {
			if p > 0 {
				b = append(b, ',')
			}
			b = fmt.Appendf(b, `{"Name":"Parameter%d","Value":"EURPR04A001.PROD.OUTLOOK.COM/Microsoft Exchange Hosted Organizations/contoso.onmicrosoft.com/%s"}`, p, id())
		}
		b = fmt.Appendf(b, `],"ModifiedProperties":[],"Item":{"Id":"RgAAAAB","Size":%d,"ParentFolder":{"Path":"\\Inbox\\Gr\u00fc\u00dfe"}}}`, rnd.IntN(1<<20))
	}
	return append(b, ']')
}

// decodeAgain reads a blob with a decoder that has been used before.
func decodeAgain(b *testing.B, d *Decoder, r *bytes.Reader, body, buf []byte) []byte {
	r.Reset(body)
	d.Reset(Body{Reader: r})
	for {
		var err error
		if buf, _, err = d.Append(buf[:0]); err == io.EOF {
			return buf
		} else if err != nil {
			b.Fatal(err)
		}
	}
}

// decodeNaively does what encoding/json and a map per record give.
func decodeNaively(b *testing.B, body, buf []byte) []byte {
	var records []map[string]any
	if err := json.Unmarshal(body, &records); err != nil {
		b.Fatal(err)
	}
	for _, record := range records {
		var err error
		if buf, err = msgp.AppendIntf(buf[:0], record); err != nil {
			b.Fatal(err)
		}
	}
	return buf
}

func BenchmarkDecoder(b *testing.B) {
	body := blob(400)
	r := bytes.NewReader(nil)
	d := NewDecoder(r, Options{})
	buf := decodeAgain(b, d, r, body, nil)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		buf = decodeAgain(b, d, r, body, buf)
	}
}

func BenchmarkNaive(b *testing.B) {
	body := blob(400)
	var buf []byte
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		buf = decodeNaively(b, body, buf)
	}
}

// BenchmarkRatio lets both take turns of many passes, so that a busy machine is
// the same for both and each collects its own garbage.
func BenchmarkRatio(b *testing.B) {
	const passes = 20
	body := blob(400)
	r := bytes.NewReader(nil)
	d := NewDecoder(r, Options{})
	var buf []byte
	var ours, naive time.Duration
	for b.Loop() {
		begin := time.Now()
		for range passes {
			buf = decodeAgain(b, d, r, body, buf)
		}
		middle := time.Now()
		for range passes {
			buf = decodeNaively(b, body, buf)
		}
		runtime.GC()
		ours += middle.Sub(begin)
		naive += time.Since(middle)
	}
	megabytes := float64(len(body)) * float64(passes*b.N) / 1e6
	b.ReportMetric(megabytes/ours.Seconds(), "MB/s")
	b.ReportMetric(megabytes/naive.Seconds(), "naive-MB/s")
	b.ReportMetric(naive.Seconds()/ours.Seconds(), "times-faster")
}

// BenchmarkCut is the part of it that finds where records begin and end.
func BenchmarkCut(b *testing.B) {
	body := blob(400)
	r := bytes.NewReader(nil)
	c := elements.NewCutter(nil)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		r.Reset(body)
		c.Reset(r, DefaultMaxSize, elements.Hooks{})
		var err error
		for err == nil {
			_, err = c.Next()
		}
		if err != io.EOF {
			b.Fatal(err)
		}
	}
}

// BenchmarkMalformed reads elements that are no records, as a hostile service
// sends them by the million.
func BenchmarkMalformed(b *testing.B) {
	for name, element := range map[string]string{"numbers": "1,", "nothing": ",", "arrays": "[],", "bad objects": "{x},", "empty objects": "{},"} {
		b.Run(name, func(b *testing.B) {
			r := bytes.NewReader(nil)
			d := NewDecoder(r, Options{})
			const n = 100_000
			body := append(append([]byte("["), bytes.Repeat([]byte(element), n)...), "1]"...)
			var buf []byte
			for b.Loop() {
				r.Reset(body)
				d.Reset(Body{Reader: r})
				for err := error(nil); err != io.EOF; {
					buf, _, err = d.Append(buf[:0])
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/element")
		})
	}
}
