import MIME
import Testing

/// Whether the text of a page whose only text is "text" is hidden.
func textIsHidden(_ html: String) -> Bool {
    let content = HTMLText.read(Array(html.utf8).span)
    let (visible, hidden) = (
        String(decoding: content.visible, as: UTF8.self), String(decoding: content.hidden, as: UTF8.self)
    )
    #expect((visible == "text") != (hidden == "text"), "\(html): \(visible), \(hidden)")
    return hidden == "text"
}
