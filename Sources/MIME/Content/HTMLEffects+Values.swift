/// Which values browsers accept, and which of them hide: as Chromium does, which follows the specifications of each property.
extension HTMLEffects {
    /// Pixels up to which letters cannot be read, and up to which there is no room for any.
    static let tinySize = 2.7
    static let noRoom = 1.4
    /// Of the size of letters around, or of the room there is.
    static let tinyShare = 0.1

    /// nil for a value that browsers do not accept: it is as if it were not there.
    init?(_ declaration: CSSText.Declaration, _ properties: CSSProperties) {
        self.init()
        let value = declaration.value
        let words = CSSValue.words(value)
        let keyword = words.count == 1 ? String(decoding: CSSText.names(words[0]), as: UTF8.self) : ""
        if CSSValue.isUnknown(value) {
            declareUnknown(properties)
        } else if CSSValue.isForAll(keyword) {
            // A block goes on being one by `revert`, nearly always by `inherit`.
            let kept: CSSProperties =
                ["inherit", "revert", "revert-layer"].contains(keyword) ? .displays.union(.inherited) : .inherited
            declare(properties, inherited: keyword == "initial" ? [] : properties.intersection(kept))
            if properties.contains(.color) { color = (0, 0, 0) }
            if properties.contains(.backgroundColor) { hiding = .backgroundColor }
        } else {
            let names = words.map { CSSText.names($0) }
            guard properties != .all, !words.isEmpty, read(declaration.name, properties, value, names, keyword) else {
                return nil
            }
        }
    }

    private mutating func read(
        _ name: ArraySlice<UInt8>, _ properties: CSSProperties, _ value: ArraySlice<UInt8>,
        _ words: [ArraySlice<UInt8>],
        _ keyword: String
    ) -> Bool {
        /// One of `keywords`, those of `hidden` hide.
        func keywords(_ accepted: Set<String>, hiding hidden: Set<String>) -> Bool {
            declare(properties, hiding: hidden.contains(keyword) ? properties : [])
            return accepted.contains(keyword) || hidden.contains(keyword)
        }
        switch properties {
        case .displays: return readDisplay(words.map { String(decoding: $0, as: UTF8.self) })
        case .float: return keywords(["none"], hiding: ["left", "right", "inline-start", "inline-end"])
        case .visibility: return keywords(["visible"], hiding: ["hidden", "collapse"])
        case .contentVisibility: return keywords(["visible", "auto"], hiding: ["hidden"])
        case [.position, .lifted, .fixed]:
            // What is sticky stays on the page.
            let lifts = keyword == "absolute" || keyword == "fixed"
            let placed: CSSProperties = lifts ? [.position, .lifted] : keyword == "relative" ? .position : []
            declare(properties, hiding: keyword == "fixed" ? properties : placed)
            return ["static", "relative", "absolute", "fixed", "sticky", "-webkit-sticky"].contains(keyword)
        case .scheme:
            // Who may have light has it here.
            let schemes = words.map { String(decoding: $0, as: UTF8.self) }
            declare(properties, hiding: schemes.contains("dark") && !schemes.contains("light") ? properties : [])
        case .opacity:
            guard let share = CSSValue.share(value) else { return false }
            declare(properties, hiding: share < Self.leastShare ? properties : [])
        case .animation, .repainted:
            // What paints nothing is as if it were not there: another property may paint.
            let paints =
                String(decoding: name, as: UTF8.self).hasSuffix("box-shadow")
                ? words.contains { $0.elementsEqual("inset".utf8) } : true
            guard !["none", "normal", "0", "0px"].contains(keyword), paints else { return false }
            declare(properties, hiding: properties)
        case .moved:
            guard keyword != "none" else { return false }
            declare(properties, hiding: properties)
        case .endAlignment:
            let isDirection = name.elementsEqual("direction".utf8)
            return isDirection
                ? keywords(["ltr"], hiding: ["rtl"])
                : keywords(
                    ["left", "center", "start", "justify", "-webkit-left", "-webkit-center", "match-parent"],
                    hiding: ["right", "end", "-webkit-right"])
        case [.zoom, .grownZoom]:
            // 0 stands for 1.
            guard let share = ["normal", "reset", "document"].contains(keyword) ? 1 : CSSValue.share(value), share >= 0
            else {
                return false
            }
            declare(properties, hiding: share > 0 && share < Self.leastShare ? .zoom : share > 1 ? .grownZoom : [])
        case [.scale, .grownScale]:
            let shares = words.compactMap { CSSValue.share($0) }
            guard keyword == "none" || shares.count == words.count && shares.count <= 3 else { return false }
            let isSmall = shares.prefix(2).contains { abs($0) < Self.leastShare }
            declare(properties, hiding: isSmall ? .scale : shares.contains { abs($0) > 1 } ? .grownScale : [])
        case [.transform, .grownTransform], [.filter, .repaintedByFilter], .clip, .clipPath:
            return readFunctions(properties, value, words, keyword)
        case .letterSpacing:
            guard keyword == "normal" || CSSValue.isLength(value) else { return false }
            declare(properties, hiding: Self.isCrowded(value) ? properties : [])
        case .fontSize: return readSize(value, keyword)
        case [.fontSize, .lineHeight]: return readFont(value)
        case .lineHeight:
            guard keyword == "normal" || Self.isLine(value) else { return false }
            declare(properties, hiding: Self.isNoLine(value) ? properties : [])
        case .height, .maxHeight, .width, .maxWidth:
            let isOpen = [
                "auto", "none", "min-content", "max-content", "fit-content", "stretch", "-webkit-fill-available",
            ]
            .contains(keyword)
            guard isOpen && (keyword != (name.starts(with: "max".utf8) ? "auto" : "none")) || Self.isPositive(value)
            else {
                return false
            }
            // A share of a height that the content makes is no height.
            let isOfContent = [.height, .maxHeight].contains(properties) && CSSValue.number(value)?.1.first == 0x25
            declare(properties, hiding: Self.isNoRoom(value) && !isOfContent ? properties : [])
        case .minHeight, .minWidth:
            guard ["auto", "min-content", "max-content", "fit-content"].contains(keyword) || Self.isPositive(value)
            else {
                return false
            }
            declare(properties, hiding: CSSValue.isLength(value) && !Self.isNoRoom(value) ? properties : [])
        case [.overflowX, .scrollX], [.overflowY, .scrollY], [.overflowX, .overflowY, .scrollX, .scrollY]:
            return readOverflow(properties, words.map { String(decoding: $0, as: UTF8.self) })
        case .color, .fill, .backgroundColor:
            guard let color = CSSColor.value(value) else { return false }
            declare(properties, color: color)
        case .background, .backgroundImage, .backgroundClip: return readBackground(properties, value)
        default: return declare(properties, lengths: value)
        }
        return true
    }

    private mutating func readDisplay(_ words: [String]) -> Bool {
        let blocks: Set = [
            "block", "flex", "grid", "table", "list-item", "flow-root", "table-cell", "table-caption", "-webkit-box",
            "-webkit-flex",
        ]
        let inlineBlocks: Set = [
            "inline-block", "inline-flex", "inline-grid", "inline-table", "-webkit-inline-box", "-webkit-inline-flex",
        ]
        let others: Set = [
            "none", "flow", "inline", "contents", "table-row", "table-row-group", "table-header-group",
            "table-footer-group",
            "table-column", "table-column-group", "ruby", "ruby-text", "math",
        ]
        let isInlineBlock = words.contains(where: inlineBlocks.contains)
        let isBlock = isInlineBlock || words.contains(where: blocks.contains)
        declare(
            .displays,
            hiding: words == ["none"]
                ? .display : isInlineBlock ? [.blockDisplay, .inlineBlock] : isBlock ? .blockDisplay : [])
        if words.count == 1 { return isBlock || others.contains(words[0]) }
        // Outside, inside and a mark.
        return words.count <= 3 && Set(words).count == words.count
            && words.allSatisfy {
                ["block", "inline", "flow", "flow-root", "flex", "grid", "table", "ruby", "math", "list-item"].contains(
                    $0)
            }
            && words.filter { ["block", "inline"].contains($0) }.count <= 1
            && words.filter { !["block", "inline", "list-item"].contains($0) }.count <= 1
    }

    private mutating func readOverflow(_ properties: CSSProperties, _ words: [String]) -> Bool {
        guard 1...(properties.contains([.overflowX, .overflowY]) ? 2 : 1) ~= words.count,
            words.allSatisfy(["visible", "hidden", "clip", "scroll", "auto", "overlay"].contains)
        else { return false }
        var hiding: CSSProperties = []
        for (word, axis) in zip([words[0], words[words.count - 1]], [CSSProperties.overflowX, .overflowY]) {
            if word != "visible" { hiding.insert(axis) }
            if word != "visible", word != "clip" { hiding.insert(axis == .overflowX ? .scrollX : .scrollY) }
        }
        declare(properties, hiding: hiding.intersection(properties))
        return true
    }

    private mutating func readFunctions(
        _ properties: CSSProperties, _ value: ArraySlice<UInt8>, _ words: [ArraySlice<UInt8>], _ keyword: String
    ) -> Bool {
        declare(properties)
        if keyword == (properties == .clip ? "auto" : "none") { return true }
        if properties == .clipPath {
            // A shape and a box, in any order.
            let boxes: Set = [
                "margin-box", "border-box", "padding-box", "content-box", "fill-box", "stroke-box", "view-box",
            ]
            let shapes = words.filter { !boxes.contains(String(decoding: $0, as: UTF8.self)) }
            guard words.count - shapes.count <= 1, shapes.count <= 1 else { return false }
            guard let shape = shapes.first else { return true }
            guard let function = CSSValue.function(shape) else { return false }
            if function.name == "url" { return true }
            guard let cuts = CSSValue.cutsAll(function) else { return false }
            declare(properties, hiding: cuts ? properties : [])
            return true
        }
        guard let functions = CSSValue.functions(value) else { return false }
        var hides = false
        var hidesForGood = false
        for function in functions {
            guard let found = Self.hides(function, of: properties) else { return false }
            hides = hides || found
            // Nothing makes larger what is none.
            hidesForGood = hidesForGood || found && function.name.hasPrefix("scale") && CSSValue.hasZero(function)
        }
        let isPaint = functions.contains { !["opacity", "blur"].contains($0.name) }
        switch properties {
        case [.transform, .grownTransform]:
            // Of several, one may take back another.
            let isSmall = hides && functions.count == 1 && functions[0].name.hasPrefix("scale")
            let isSure = hidesForGood || isSmall
            declare(
                properties,
                hiding: isSure ? .transform : hides && functions.count == 1 ? properties : .grownTransform)
        case [.filter, .repaintedByFilter]:
            declare(properties, hiding: hides ? .filter : isPaint ? .repaintedByFilter : [])
        default: declare(properties, hiding: hides ? properties : [])
        }
        return properties != .clip || functions.count == 1
    }

    /// nil where it is no function of the property.
    private static func hides(_ function: CSSValue.Function, of property: CSSProperties) -> Bool? {
        switch (property, function.name) {
        case (.clip, _): return CSSValue.clips(function)
        case ([.transform, .grownTransform], _): return CSSValue.shrinksToNothing(function)
        case (_, "opacity"):
            if function.arguments.isEmpty { return false }
            return CSSValue.share(function.arguments).flatMap { $0 < 0 ? nil : $0 < leastShare }
        case (_, "brightness"), (_, "contrast"), (_, "grayscale"), (_, "invert"), (_, "saturate"), (_, "sepia"):
            return function.arguments.isEmpty || CSSValue.share(function.arguments).map { $0 >= 0 } ?? false
                ? false : nil
        case (_, "blur"):
            guard !function.arguments.isEmpty, let (radius, _) = CSSValue.number(function.arguments) else {
                return function.arguments.isEmpty ? false : nil
            }
            return radius >= 0 && CSSValue.isFixedLength(function.arguments) ? false : nil
        case (_, "hue-rotate"):
            return function.arguments.isEmpty || CSSValue.isAngle(function.arguments) ? false : nil
        case (_, "drop-shadow"): return CSSValue.isShadow(function.arguments) ? false : nil
        case (_, "url"): return false
        default: return nil
        }
    }

    // MARK: letters and room

    static func isPositive(_ value: ArraySlice<UInt8>) -> Bool {
        CSSValue.isLength(value) && CSSValue.number(value).map { $0.0 >= 0 || value.contains(0x28) } ?? false
    }

    /// A number of lines may be reckoned.
    static func isLine(_ value: ArraySlice<UInt8>) -> Bool {
        isPositive(value) || CSSValue.function(value) != nil && CSSValue.share(value) != nil
    }

    /// In pixels; nil for percent.
    static func pixels(_ value: ArraySlice<UInt8>) -> Double? {
        guard let (number, unit) = CSSValue.number(value) else { return nil }
        return unit.isEmpty ? number : CSSValue.pixels(in: unit).map { $0 * number }
    }

    /// Letters on top of each other, in their own width or in pixels.
    private static func isCrowded(_ value: ArraySlice<UInt8>) -> Bool {
        guard let (number, unit) = CSSValue.number(value) else { return false }
        return number <= (unit.last == 0x6D ? -0.4 : unit.first == 0x25 ? -40 : -5)
    }

    private static func isNoRoom(_ value: ArraySlice<UInt8>) -> Bool {
        pixels(value).map { $0 <= noRoom } ?? CSSValue.share(value).map { $0 < 0.001 } ?? false
    }

    static func isNoLine(_ value: ArraySlice<UInt8>) -> Bool {
        // Without a unit: times the size of letters.
        if let share = CSSValue.share(value) { return share < tinyShare }
        return pixels(value).map { $0 <= noRoom } ?? false
    }

    // MARK: backgrounds

    /// A colour, images, and where they are; the colour that is not said is none.
    private mutating func readBackground(_ properties: CSSProperties, _ value: ArraySlice<UInt8>) -> Bool {
        let boxes: Set = ["border-box", "padding-box", "content-box", "text"]
        let places: Set = [
            "repeat", "repeat-x", "repeat-y", "no-repeat", "space", "round", "scroll", "fixed", "local", "left",
            "right", "top",
            "bottom", "center", "cover", "contain", "auto",
        ]
        let images: Set = ["url", "image-set", "-webkit-image-set", "cross-fade", "-webkit-cross-fade"]
        let isAll = properties == .background
        var hiding: CSSProperties = []
        var color: CSSColor.Value?
        for word in CSSValue.pieces(value, at: 0x2C).flatMap(CSSValue.words)
            .flatMap({ $0.contains(0x28) ? [$0] : $0.split(separator: 0x2F) })
        {
            let keyword = String(decoding: CSSText.names(word), as: UTF8.self)
            if properties != .backgroundImage, boxes.contains(keyword) {
                if keyword == "text" { hiding.insert(.backgroundClip) }
            } else if isAll, color == nil, let found = CSSColor.value(word) {
                color = found
            } else if properties != .backgroundClip, let name = CSSValue.function(word)?.name,
                images.contains(name) || name.hasSuffix("-gradient")
            {
                hiding.insert(.backgroundImage)
            } else if !isAll || !(places.contains(keyword) || CSSValue.isLength(word)) {
                guard keyword == "none", properties != .backgroundClip else { return false }
            }
        }
        if isAll {
            declare(.backgroundColor, color: color ?? .color(nil, opacity: 0))
            hiding.formUnion(self.hiding)
        }
        declare(properties, hiding: hiding)
        return true
    }
}
