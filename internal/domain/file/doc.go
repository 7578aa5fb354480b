// Package file owns what people send each other besides words: what a file is, how a picture is made safe to show, and
// what a scanner of malware must answer. It knows no place to keep them in yet.
//
// It refuses: a file whose content is another type than its name or its sender claims (AC-097), a picture with markup in
// its head, a picture that would take more memory or time than its bounds (checked before it is decoded), one that is cut.
//
// Security argument. The type is what the content proves, and only where name and claim agree with it; everything else is
// application/octet-stream, which doors hand out as a download and never show. No picture is shown as it came: what
// browsers get is encoded anew from pixels, so that neither metadata (places, names, devices) nor anything that hangs
// on a picture's end or hides in its chunks survives. SVG and HTML are documents with scripts, and never pictures here.
// The scanner's failure is an error, never a clean answer.
package file
