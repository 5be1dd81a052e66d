internal import MIME
internal import MailModel

/// What is done with decoded content, and with the header block.
enum ContentFuzzing {
    private static let outputLimit = 1 << 20

    static func blocks(_ content: [UInt8]) -> [String] {
        var wrong: [String] = []
        for limit in [EncodedBlocks.defaultLimit, 1] {
            let found = EncodedBlocks.find(in: content.span, limit: limit)
            var position = 0
            for block in found.blocks {
                let ranges = [block.whole, block.content]
                if ranges.contains(where: { $0.upperBound > content.count }) { wrong.append("block outside") }
                if block.whole.lowerBound < position { wrong.append("blocks out of order") }
                position = block.whole.lowerBound
                for limit in [outputLimit, 7] {
                    var out: [UInt8] = [1]
                    let result = block.decode(content.span, into: &out, limit: limit)
                    if out.count > limit + 1 { wrong.append("\(block.coding): limit passed") }
                    for range in [result.content, result.resourceFork]
                    where range.lowerBound < 1 || range.upperBound > out.count {
                        wrong.append("\(block.coding): range outside of the output")
                    }
                }
            }
        }
        return wrong + tnef(content) + mbox(content)
    }

    private static func tnef(_ content: [UInt8]) -> [String] {
        var wrong: [String] = []
        for limit in [TNEFSignature.defaultAttachmentLimit, 1] {
            guard let found = TNEFSignature.contents(of: content.span, attachmentLimit: limit) else { return [] }
            if found.attachments.count > limit { wrong.append("\(found.attachments.count) attachments") }
            for attachment in found.attachments {
                let ranges = attachment.contents + attachment.names.map(\.range)
                if ranges.contains(where: { $0.upperBound > content.count }) { wrong.append("attachment outside") }
            }
        }
        return wrong
    }

    private static func mbox(_ content: [UInt8]) -> [String] {
        var wrong: [String] = []
        var position = 0
        for range in Mbox.messages(in: content.span, separators: .all) {
            if range.lowerBound < position || range.upperBound > content.count { wrong.append("mbox: bad range") }
            position = range.upperBound
        }
        if Mbox.unquoted(content.span).count > content.count { wrong.append("mbox: grown") }
        if Mbox.leadingLine(content.span) > content.count { wrong.append("mbox: leading line") }
        return wrong
    }

    /// What is taken out of HTML: changes that apply, and none a second time.
    private static func sanitised(_ text: [UInt8]) -> [String] {
        let all = Set(HTMLHazard.allCases)
        guard let edits = HTMLSanitiser.edits(text.span, without: all, limit: HTMLEdit.countLimit, attributes: 200)
        else { return [] }
        guard let clean = HTMLEdit.apply(edits, to: text) else { return ["edits of HTML that do not apply"] }
        return HTMLSanitiser.edits(clean.span, without: all, limit: 1, attributes: 200) == []
            ? [] : ["edits of sanitised HTML"]
    }

    static func html(_ text: [UInt8]) -> [String] {
        var narrow = HTMLLimits()
        narrow.textSize = 8
        narrow.links = 2
        narrow.depth = 3
        narrow.attributes = 2
        narrow.linkSize = 5
        var wrong = sanitised(text)
        for limits in [HTMLLimits(), narrow] {
            let content = HTMLText.read(text.span, limits: limits)
            let texts = [content.visible, content.hidden, content.comments, content.title]
            if texts.contains(where: { $0.count > limits.textSize }) { wrong.append("text beyond its limit") }
            if content.links.count > limits.links { wrong.append("\(content.links.count) links") }
            for link in content.links {
                if max(link.target.count, link.text.count) > limits.linkSize { wrong.append("long link") }
                if link.offset > text.count { wrong.append("link outside") }
            }
            if HTMLText.normalised(content.visible.span).count > content.visible.count { wrong.append("grown") }
        }
        return wrong
    }

    private static let labels: [String] = [
        "utf-8", "utf-16le", "utf-16be", "utf-16", "utf-32le", "utf-32be", "utf-7", "windows-1252", "koi8-r",
        "x-user-defined", "gb18030", "hz-gb-2312", "big5", "euc-jp", "shift_jis", "iso-2022-jp", "euc-kr",
        "iso-2022-kr", "iso-2022-cn", "unknown-8bit", "",
    ]

    /// The first octet names the charset, the second the limit, the rest is the text.
    static func charset(_ input: [UInt8]) -> [String] {
        guard input.count > 2 else { return [] }
        let name = labels[Int(input[0]) % labels.count]
        let label = name.isEmpty ? nil : Array(name.utf8)
        let text = Array(input.dropFirst(2))
        var whole: [UInt8] = []
        let result = Charsets.decode(text.span, label: label, into: &whole, limit: outputLimit)
        var wrong: [String] = []
        if String(validating: whole, as: UTF8.self) == nil { wrong.append("\(name): not UTF-8") }
        if result.limitReached { wrong.append("\(name): a limit beyond the input was reached") }
        let limit = Int(input[1])
        var cut: [UInt8] = []
        let short = Charsets.decode(text.span, label: label, into: &cut, limit: limit)
        if cut.count > limit { wrong.append("\(name): limit passed") }
        if String(validating: cut, as: UTF8.self) == nil { wrong.append("\(name): cut within a character") }
        if !whole.starts(with: cut) { wrong.append("\(name): not the start of the whole") }
        if short.limitReached != (whole.count > cut.count) { wrong.append("\(name): limit \(limit) reported wrongly") }
        _ = Charsets.guess(text.span)
        _ = CharsetCoding(label: text)
        return wrong
    }

    static func header(_ block: [UInt8]) -> [String] {
        var wrong: [String] = []
        var scanner = HeaderScanner()
        var position = 0
        while let field = scanner.next(in: block.span) {
            if field.whole.lowerBound < position || field.whole.upperBound > block.count {
                wrong.append("field outside")
            }
            if !field.whole.contains(field.name) || !field.whole.contains(field.value) { wrong.append("field torn") }
            position = field.whole.upperBound
        }
        if scanner.end == nil || scanner.position > block.count { wrong.append("no end") }
        for isSMTPUTF8 in [true, false] {
            let defects = HeaderSyntax.defects(of: block.span, isSMTPUTF8: isSMTPUTF8, defectLimit: 5)
            if defects.count > 5 { wrong.append("\(defects.count) defects") }
            if defects.contains(where: { $0.offset < 0 || $0.offset > block.count }) { wrong.append("defect outside") }
        }
        let ranges = HeaderScanner.ranges(named: [Array("subject".utf8)], in: block.span)
        if ranges.count != HeaderScanner.count("Subject", in: block.span) { wrong.append("counts differ") }
        return wrong
    }
}
