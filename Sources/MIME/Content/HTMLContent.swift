/// Limits of reading HTML.
package struct HTMLLimits: Hashable, Sendable {
    /// Octets of each text that is kept.
    package var textSize = 16 << 20
    /// Links that are kept.
    package var links = 10_000
    /// Elements within elements whose style is followed.
    package var depth = 256
    /// Attributes of a tag.
    package var attributes = 128
    /// Pages in attributes (`srcdoc`) within each other that are read.
    package var frames = 4
    /// Octets of a link's target, and of the text that stands on it.
    package var linkSize = 16_384

    /// The defaults.
    package init() {}
}

/// A reference in HTML.
package struct HTMLLink: Hashable, Sendable {
    /// What follows it.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// `href` of `a` and `area`: a person who clicks.
        case anchor
        /// Whatever is loaded when the mail is shown: `src`, `background`, `poster`, `data`, `link`, `url()` in a style.
        case resource
        /// `action` and `formaction`: where a form is sent.
        case form
        /// `<meta http-equiv=refresh>`.
        case refresh
    }

    /// What follows it.
    package var kind: Kind
    /// The reference, references of characters decoded, without blanks around it and without line ends and tabs, as
    /// browsers read it. Not joined with the base.
    package var target: [UInt8]
    /// The text that stands on it, for an anchor.
    package var text: [UInt8] = []
    /// A person does not see it.
    package var isHidden: Bool
    /// Offset of its tag in the HTML.
    package var offset: Int
    /// What `base` says in the pages in attributes that it stands in, the outermost first; without that of the page itself.
    package var bases: [[UInt8]] = []
}

/// What was found in HTML. All texts are UTF-8 if the HTML was.
package struct HTMLContent: Hashable, Sendable {
    /// What was odd or is worth knowing.
    package struct Notes: OptionSet, Hashable, Sendable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }
        /// A text, the links or the attributes of a tag reached their limit: there is more.
        package static let limitReached = Notes(rawValue: 1)
        /// Elements are nested deeper than the limit, and the style of the inner ones was not followed; or pages in attributes, and
        /// the inner ones were not read.
        package static let tooDeep = Notes(rawValue: 2)
        /// The bytes end within a tag or comment: readers may show what is in there.
        package static let endsInMarkup = Notes(rawValue: 4)
        /// There is a script, or a handler of events.
        package static let hasScript = Notes(rawValue: 8)
        /// There is a form.
        package static let hasForm = Notes(rawValue: 16)
        /// There is a comment that some readers show (`[if mso]`).
        package static let hasConditionalComment = Notes(rawValue: 32)
        /// Shown and hidden letters follow each other within one word.
        package static let hidesWithinWord = Notes(rawValue: 64)
    }

    /// What a person sees: blanks collapsed, a line end where a block begins or ends.
    package var visible: [UInt8] = []
    /// What is there but not to be seen; a line end between pieces.
    package var hidden: [UInt8] = []
    /// Comments, a line end behind each.
    package var comments: [UInt8] = []
    /// Scripts and handlers of events, a line end behind each.
    package var scripts: [UInt8] = []
    /// The title.
    package var title: [UInt8] = []
    /// Texts that stand for images, a line end behind each.
    package var imageTexts: [UInt8] = []
    /// What fields of forms show that stands in attributes (`value`, `placeholder`, `label`), and what they do not, a line end behind
    /// each.
    package var fieldTexts: [UInt8] = []
    package var hiddenFieldTexts: [UInt8] = []
    /// In the order of their tags.
    package var links: [HTMLLink] = []
    /// The target of the first `base`; nil when there is none.
    package var base: [UInt8]?
    /// What was odd or is worth knowing.
    package var notes: Notes = []
    /// A text that is put where the document ends would be hidden, part of a link, or within an element that shows none.
    package var endsUnseen = false
}
