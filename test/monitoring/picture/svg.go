package picture

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// colors are Grafana's names for them, as on its dark background. The picture
// brings that background along, so it can be read on any page.
var colors = map[string]string{
	"green": "#73bf69", "yellow": "#f2cc0c", "blue": "#5794f2", "orange": "#ff9830",
	"red": "#f2495c", "purple": "#b877d9", "text": "#ccccdc",
}

// palette is the order in which series get their colours.
var palette = []string{
	"#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#8ab8ff", "#37872d", "#e0b400", "#ffa6b0",
}

const (
	page, paper, border    = "#111217", "#181b1f", "#2c3036"
	bright, dim, gridColor = "#ccccdc", "#9fa7b3", "#2a2e35"
)

// canvas collects the elements of an SVG.
type canvas struct{ strings.Builder }

func (c *canvas) rect(x, y, w, h float64, attributes string) {
	fmt.Fprintf(c, "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" %s/>\n", short1(x), short1(y), short1(w), short1(h), attributes)
}

func (c *canvas) line(x1, y1, x2, y2 float64, color string) {
	fmt.Fprintf(c, "<path d=\"M%s %sL%s %s\" stroke=\"%s\"/>\n", short1(x1), short1(y1), short1(x2), short1(y2), color)
}

// text is anchored at its start, middle or end.
func (c *canvas) text(x, y, size float64, color, anchor, text string) {
	fmt.Fprintf(c, "<text x=\"%s\" y=\"%s\" font-size=\"%s\" fill=\"%s\" text-anchor=\"%s\">", short1(x), short1(y), short1(size), color, anchor)
	_ = xml.EscapeText(c, []byte(text)) // a strings.Builder takes everything
	c.WriteString("</text>\n")
}

// writeTo makes the whole of it.
func (c *canvas) writeTo(w io.Writer, width, height float64, title string) error {
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(title))
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]s" height="%[2]s" viewBox="0 0 %[1]s %[2]s" role="img" `+
		`font-family="Inter,Helvetica Neue,Helvetica,Arial,sans-serif" fill="none"><title>%[3]s</title>`+"\n%[4]s</svg>\n",
		short1(width), short1(height), escaped.String(), c.String())
	return err
}

// short1 writes a coordinate with one decimal at most.
func short1(v float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
}

// width is about how long a text is; fonts differ.
func width(text string, size float64) float64 {
	return 0.6 * size * float64(len([]rune(text)))
}
