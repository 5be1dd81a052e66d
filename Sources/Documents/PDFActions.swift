internal import Bytes

/// What the values of a PDF do or name: actions (ISO 32000-2 section 12.6), file specifications (7.11), forms.
struct PDFActions {
    /// Names of embedded files by the object number of their stream.
    private(set) var names: [Int: [[UInt8]]] = [:]
    /// Object numbers of scripts.
    private(set) var scripts: Set<Int> = []
    /// Object numbers of XML forms.
    private(set) var forms: Set<Int> = []

    /// Looks at a value and all within it.
    mutating func look(at value: PDFValue, _ extraction: Extraction, _ decrypt: ([UInt8]) -> [UInt8]) {
        var waiting = [value]
        while let next = waiting.popLast() {
            switch next {
            case .array(let values):
                waiting += values
            case .dictionary(let dictionary):
                look(at: dictionary, extraction, decrypt)
                waiting += dictionary.values
            default: break
            }
        }
    }

    private mutating func look(
        at dictionary: [String: PDFValue], _ extraction: Extraction, _ decrypt: ([UInt8]) -> [UInt8]
    ) {
        func text(_ key: String) -> [UInt8]? { dictionary[key]?.string.map { PDFValue.text(decrypt($0)) } }
        if let script = dictionary["JS"] {
            if let number = script.reference { scripts.insert(number) }
            if let string = script.string { self.script(decrypt(string), extraction) }
        }
        switch dictionary["S"]?.name {
        case "Launch":
            var target = text("F") ?? []
            for platform in ["Win", "Mac", "Unix"] {
                guard let parameters = dictionary[platform]?.dictionary else { continue }
                for key in ["F", "P"] {
                    guard let string = parameters[key]?.string else { continue }
                    target += target.isEmpty ? [] : [0x20]
                    target += PDFValue.text(decrypt(string))
                }
            }
            extraction.fact(.launch, target)
        case "GoToR", "GoToE":
            extraction.fact(.launch, text("F") ?? [])
        case "SubmitForm", "ImportData":
            if let target = text("F") { extraction.fact(.uri, target) }
        default: break
        }
        if let target = text("URI") { extraction.fact(.uri, target) }
        if dictionary["OpenAction"] != nil || dictionary["AA"] != nil { extraction.fact(.openAction) }
        if let form = dictionary["XFA"] { addForms(form) }
        if let embedded = dictionary["EF"]?.dictionary {
            let found = ["UF", "F", "DOS", "Mac", "Unix"].compactMap(text)
            for number in embedded.values.compactMap(\.reference) { names[number, default: []] += found }
        }
        // The URL file system (section 7.11.5).
        if dictionary["FS"]?.name == "URL", let target = text("F") { extraction.fact(.uri, target) }
    }

    /// A form is a stream, or a list of names and streams (section 12.7.8).
    mutating func addForms(_ form: PDFValue) {
        forms.formUnion(form.elements.compactMap(\.reference))
    }

    /// A script that stands in a string.
    func script(_ string: [UInt8], _ extraction: Extraction) {
        extraction.fact(.javaScript)
        let text = string.starts(with: [0xFE, 0xFF]) ? Names.utf16Big(string.span, limit: string.count * 2) : string
        extraction.member(.script, text.span)
    }
}
