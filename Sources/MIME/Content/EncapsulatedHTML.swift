internal import Bytes

/// HTML in Rich Text ([MS-OXRTFEX]): Outlook keeps the HTML of a message so, and shows it as HTML again.
package enum EncapsulatedHTML {
    /// What readers may make of it: either with all tags, or without those that stand where the text is for readers of Rich Text
    /// alone. For those who look for what is in it: letters beyond ASCII are `?`.
    /// - Returns: one or two texts; none where the text is no Rich Text with HTML in it.
    package static func readings(_ text: Span<UInt8>) -> [[UInt8]] {
        guard text.firstIndex(of: "\\fromhtml") != nil else { return [] }
        var all = RichTextReader(.html(keepsAllTags: true))
        all.read(text)
        var some = RichTextReader(.html(keepsAllTags: false))
        some.read(text)
        return all.output == some.output ? [all.output] : [all.output, some.output]
    }
}
