internal import MailModel

/// What becomes of elements and attributes by their names, for a set of hazards. Names are in lower case, without NUL.
struct HTMLHazardNames {
    /// What is done with an element.
    enum Element {
        case keep
        /// Its tags get another name.
        case rename
        /// Its one tag goes.
        case drop
    }

    private let renamed: Set<[UInt8]>
    private let dropped: Set<[UInt8]>
    let hazards: Set<HTMLHazard>

    /// What parsers differ about: in SVG and MathML other elements are markup, in `select` tags mean nothing, `noscript` is text where
    /// scripts run, `comment` is one to Internet Explorer. What stands in them cannot be told before they are gone.
    private static let doubtful = ["svg", "math", "select", "noscript", "comment"]
    /// Addresses that are loaded when the mail is shown.
    private static let loading = Self.octets([
        "src", "srcset", "imagesrcset", "background", "poster", "data", "lowsrc", "dynsrc", "codebase", "classid",
        "archive", "icon", "manifest", "ping", "attributionsrc", "o:href", "xlink:href",
    ])
    /// Internet Explorer's data binding, which shows text of the page as HTML.
    private static let bindings = Self.octets(["datasrc", "datafld", "dataformatas"])
    /// Attributes that are text.
    private static let texts = Self.octets([
        "alt", "title", "value", "placeholder", "summary", "label", "content", "style", "class", "id", "name",
    ])
    /// Of images, which run nothing.
    private static let images = Self.octets(["src", "srcset", "background", "poster", "lowsrc"])
    /// Elements whose `src` is a document.
    private static let documents = Self.octets(["iframe", "frame", "embed", "object", "script"])
    /// Elements that show another part of the message as a document.
    private static let frames = Self.octets(["iframe", "frame", "embed", "object", "portal", "fencedframe", "webview"])

    init(_ hazards: Set<HTMLHazard>) {
        self.hazards = hazards
        var (renamed, dropped) = (Self.doubtful, ["base"])
        if hazards.contains(.forms) {
            renamed += ["form", "button"]
            dropped += ["input", "keygen", "isindex"]
        }
        if hazards.contains(.frames) {
            renamed += ["frameset", "portal", "fencedframe", "webview"]
            dropped += ["frame"]
        }
        if !hazards.isDisjoint(with: [.frames, .scripts, .remote]) {
            renamed += ["object", "applet"]
            dropped += ["embed"]
        }
        if hazards.contains(.remote) { dropped += ["link"] }
        (self.renamed, self.dropped) = (Self.octets(renamed), Self.octets(dropped))
    }

    private static func octets(_ names: [String]) -> Set<[UInt8]> { Set(names.map { Array($0.utf8) }) }

    func element(_ name: [UInt8]) -> Element {
        renamed.contains(name) ? .rename : dropped.contains(name) ? .drop : .keep
    }

    /// True where the attribute is to mean nothing, whatever else its tag is.
    /// - Parameter address: the value as an address.
    func isHazard(_ name: [UInt8], of element: [UInt8], address: [UInt8]) -> Bool {
        if hazards.contains(.scripts) {
            // Any name: browsers add new events.
            if name.count > 2, name.starts(with: [0x6F, 0x6E]), (0x61...0x7A).contains(name[2]) { return true }
            let isImage = Self.images.contains(name) && !Self.documents.contains(element)
            if !Self.texts.contains(name), HTMLAddress.isScript(address.span, isImage: isImage) { return true }
        }
        if Self.bindings.contains(name) { return !hazards.isEmpty }
        if name == Array("srcdoc".utf8) { return !hazards.isDisjoint(with: [.scripts, .frames, .remote]) }
        if hazards.contains(.forms), name == Array("formaction".utf8) { return true }
        // That part may be an attachment, which is not looked at.
        if name == Array("src".utf8) || name == Array("data".utf8), Self.frames.contains(element),
            HTMLAddress.isPart(address.span)
        {
            return true
        }
        guard hazards.contains(.remote), Self.loading.contains(name) else { return false }
        // A list of addresses is local when it is but one.
        if name.suffix(6) == Array("srcset".utf8), !address.starts(with: "data:".utf8), address.contains(0x2C) {
            return true
        }
        return !HTMLAddress.isLocal(address.span)
    }
}
