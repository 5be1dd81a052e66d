/// What declarations of CSS change; read once, since a rule may apply to many elements. Of each property the last valid
/// declaration counts, the important ones first (CSS Cascade 5).
struct HTMLEffects {
    /// The properties of which something is said; that say it in a way that hides; that leave it to the element around; and
    /// that say it with `!important`.
    private(set) var declared: CSSProperties = []
    var hiding: CSSProperties = []
    private var inherited: CSSProperties = []
    private var important: CSSProperties = []
    var color: HTMLStyle.Color?
    private(set) var fill: HTMLStyle.Fill?
    private(set) var background = Background.color(nil)
    private(set) var shift = CSSShift()
    /// More is said than was read.
    private(set) var isCut = false

    enum Background {
        /// nil where it is not known.
        case color(HTMLStyle.Color?)
        /// That of the letters.
        case current
    }

    /// Of opacity and size: less is not seen.
    static let leastShare = 0.05
    /// Octets of declarations that are looked at.
    private static let longestStyle = 16_384

    /// A value of its own is said of `property`.
    func sets(_ property: CSSProperties) -> Bool { declared.subtracting(inherited).contains(property) }

    /// It is said, and hides.
    func hides(_ property: CSSProperties) -> Bool { hiding.contains(property) }

    /// What an element is drawn as, so far as sizes depend on it.
    enum Box {
        case block
        /// It grows with what is in it.
        case cell
        /// Words in a line around.
        case inline
    }

    /// Not drawn, whatever elements inside say.
    func isGone(_ box: Box) -> Bool {
        // No animation changes `display`.
        if hides(.animation) { return hides(.display) }
        return !hiding.isDisjoint(with: .aloneHiding) || box != .inline && hides(.contentVisibility)
            || hides(.lifted) && hides(.clip)
    }

    /// How text is beyond a box without room.
    enum Cut {
        case none
        /// Since its lines have no height: what is in it may have some.
        case byLines
        case byBox
    }

    func cut(_ box: Box) -> Cut {
        guard box == .block, !hides(.animation) else { return .none }
        // What is hidden one way cannot be scrolled to. In the padding beside and below it is seen.
        let isCutX = (hides(.overflowX) || hides(.scrollY)) && !hides(.minWidth) && shift.roomBeside <= Self.noRoom
        let isCutY = (hides(.overflowY) || hides(.scrollX)) && !hides(.minHeight) && shift.roomBelow <= Self.noRoom
        let isBox =
            isCutX && !hiding.isDisjoint(with: [.width, .maxWidth])
            || isCutY && !hiding.isDisjoint(with: [.height, .maxHeight])
        return isBox ? .byBox : isCutY && hides(.lineHeight) ? .byLines : .none
    }

    /// A box around, whose lines have no height, grows with it.
    var makesRoom: Bool {
        let heights: CSSProperties = [.lineHeight, .height]
        return !declared.intersection(heights).subtracting(inherited).subtracting(hiding).isEmpty || hides(.minHeight)
            || shift.roomAbove > Self.noRoom || shift.roomBelow > Self.noRoom
    }

    /// Drawn too small, or elsewhere, and nothing else may take that back.
    func isShrunk(_ box: Box) -> Bool {
        guard !hides(.animation), hiding.isDisjoint(with: [.grownZoom, .grownScale, .moved]) else { return false }
        if moves, back >= CSSShift.farOff || shift.away(isPlaced: hides(.position), isInline: box == .inline) > 0 {
            return false
        }
        return hides(.zoom) && !hides(.grownTransform)
            || box != .inline && (hides(.scale) && !hides(.grownTransform) || hides(.transform))
    }

    /// Drawn larger, or elsewhere.
    var isGrown: Bool { !hiding.isDisjoint(with: [.grownZoom, .grownScale, .grownTransform, .moved]) }

    /// It is off the page by `transform` alone.
    var moves: Bool { hides(.transform) && hides(.grownTransform) }

    /// Colours are not those that are said.
    var isRepainted: Bool { !hiding.isDisjoint(with: [.repainted, .repaintedByFilter, .animation, .scheme]) }

    /// There is something behind the letters.
    var paints: Bool { hides(.backgroundImage) || sets(.backgroundColor) && !hides(.backgroundColor) }

    /// Pixels by which it is off the page.
    func away(_ box: Box) -> Double {
        hides(.animation) || isGrown ? 0 : shift.away(isPlaced: hides(.position), isInline: box == .inline)
    }

    /// Pixels by which it may be back.
    var back: Double { shift.back(isPlaced: hides(.position)) }

    /// Pixels of the first line that are off the page.
    var indent: Double { shift.indent(isPlaced: hides(.position)) }

    /// It says that text is not seen.
    var hides: Bool {
        isGone(.block) || cut(.block) != .none || isShrunk(.block) || away(.block) > 0
            || !hiding.isDisjoint(with: [.visibility, .fontSize, .letterSpacing, .color]) || sets(.fill)
            || indent > 0
    }

    /// Takes over what `other`, which is stronger, says.
    mutating func merge(_ other: HTMLEffects) {
        let taken = other.important.union(other.declared.subtracting(important))
        declared.formUnion(taken)
        hiding = hiding.subtracting(taken).union(other.hiding.intersection(taken))
        inherited = inherited.subtracting(taken).union(other.inherited.intersection(taken))
        important.formUnion(other.important)
        if taken.contains(.color) { color = other.color }
        if taken.contains(.fill) { fill = other.fill }
        if taken.contains(.backgroundColor) { background = other.background }
        shift.take(taken, from: other.shift)
        if other.isCut { self = perhaps }
    }

    private static func lacksUnit(_ value: ArraySlice<UInt8>) -> Bool {
        let sides = CSSValue.function(value).flatMap { $0.name == "rect" ? CSSValue.arguments($0) : nil }
        return (sides ?? CSSValue.words(value)).contains {
            CSSValue.number($0).map { $0.0 != 0 && $0.1.isEmpty } ?? false
        }
    }

    /// Something is said with `!important`.
    var isImportant: Bool { !important.isEmpty }

    /// What is left where it is not sure that it is said: nothing hides, and colours are not known.
    var perhaps: HTMLEffects {
        var effects = self
        // A property of two bits takes its showing one with it only where that is said.
        effects.hiding.subtract(.hidingAlways)
        effects.declared.subtract(hiding.intersection(.hidingAlways))
        effects.declared.subtract(CSSProperties.showing.subtracting(hiding))
        effects.inherited.subtract(.color.union(.fill))
        if effects.declared.contains(.color) { effects.color = nil }
        if effects.declared.contains(.fill) { effects.fill = HTMLStyle.Fill(color: nil, isTransparent: false) }
        if declared.contains(.backgroundColor) {
            effects.declared.insert(.backgroundColor)
            effects.hiding.remove(.backgroundColor)
            effects.background = .color(nil)
        }
        effects.declared.subtract(shift.away.union(.paddings.subtracting(shift.isBack)))
        effects.important.formIntersection(effects.declared)
        return effects
    }

    /// Says `properties`, of which `hiding` are hidden by it.
    mutating func declare(_ properties: CSSProperties, hiding: CSSProperties = [], inherited: CSSProperties = []) {
        declared = properties
        self.hiding = hiding
        self.inherited = inherited
    }

    mutating func declare(_ property: CSSProperties, color value: CSSColor.Value) {
        declare(property)
        switch (value, property) {
        case (.current, .color): inherited = .color
        case (.current, .fill): fill = nil
        case (.current, _): background = .current
        case (.color(let found, let opacity), .color):
            color = found
            if opacity < Self.leastShare { hiding = .color }
        case (.color(let found, let opacity), .fill):
            fill = HTMLStyle.Fill(color: found, isTransparent: opacity < Self.leastShare)
        case (.color(let found, let opacity), _):
            background = .color(found)
            if opacity < 0.5 { hiding = .backgroundColor }
        }
    }

    /// Says `properties` with a value that may be any: nothing hides by it, and what hides by other properties may be shown by it.
    mutating func declareUnknown(_ properties: CSSProperties) {
        declare(properties, hiding: properties.intersection(.showing.subtracting(.lifted)))
        fill = HTMLStyle.Fill(color: nil, isTransparent: false)
        shift.addUnknown(properties)
    }

    /// Takes the lengths of a side, of sides or the indent; false where browsers take them for none.
    mutating func declare(_ properties: CSSProperties, lengths: ArraySlice<UInt8>) -> Bool {
        declare(properties)
        return shift.add(properties, lengths)
    }

    /// Adds a colour by its old attribute (`color`, `bgcolor`, `text`).
    mutating func add(color value: [UInt8], isBackground: Bool) {
        guard let color = CSSColor.attribute(value) else { return }
        var effects = HTMLEffects()
        effects.declare(isBackground ? .backgroundColor : .color, color: .color(color, opacity: 1))
        merge(effects)
    }

    /// Adds what an attribute says in place of a declaration.
    mutating func add(hiding properties: CSSProperties) {
        var effects = HTMLEffects()
        effects.declare(properties, hiding: properties)
        merge(effects)
    }

    /// Adds `properties` with values that are not known.
    mutating func add(unknown properties: CSSProperties) {
        var effects = HTMLEffects()
        effects.declareUnknown(properties)
        merge(effects)
    }

    /// Adds a size of letters by its old attribute (HTML section 15.3.4): any number is one in which they can be read.
    mutating func add(legacySize value: [UInt8]) {
        var rest = value.drop(while: HTMLTokenizer.isBlank)
        if rest.first == 0x2B || rest.first == 0x2D { rest.removeFirst() }
        guard let digit = rest.first, 0x30...0x39 ~= digit else { return }
        var effects = HTMLEffects()
        effects.declare(.fontSize)
        merge(effects)
    }

    /// Adds declarations of a `style` attribute.
    mutating func add(style: [UInt8], hasUnits: Bool) {
        add(declarations: CSSText.plain(style.prefix(Self.longestStyle + 1))[...], isRule: false, hasUnits: hasUnits)
    }

    /// Adds declarations in their plain form.
    /// - Parameter hasUnits: the page has a type, so that lengths have units; of some types they need none.
    mutating func add(declarations: ArraySlice<UInt8>, isRule: Bool, hasUnits: Bool) {
        if declarations.count > Self.longestStyle { isCut = true }
        for declaration in CSSText.declarations(declarations.prefix(Self.longestStyle), isRule: isRule) {
            guard let properties = CSSProperties.named(declaration.name) else { continue }
            if !isRule, declaration.value.elementsEqual("revert-layer".utf8) {
                // What rules say.
                declared.subtract(properties)
                hiding.subtract(properties)
                inherited.subtract(properties)
                important.subtract(properties)
            } else if var effects = HTMLEffects(declaration, properties) {
                if hasUnits, properties.isSubset(of: .lengths), Self.lacksUnit(declaration.value) {
                    effects = effects.perhaps
                }
                if declaration.isImportant { effects.important = effects.declared }
                merge(effects)
            }
        }
    }
}
