internal import DomainNames

/// What searches compare: texts in lower case (databases fold ASCII only), and addresses in each spelling of their domain.
package enum SearchKey {
    package static func text(_ text: String) -> String { text.lowercased() }

    /// An address as it was written, as DNS knows it, and as people read it, a line each as far as they differ: whoever searches may have
    /// any of them, or a part. Addresses hold no line end, being escaped.
    package static func address(_ address: String) -> String { forms(address).joined(separator: "\n") }

    /// Addresses in one column.
    package static func addresses(_ addresses: [String]) -> String {
        RecipientList.text(addresses.flatMap(forms))
    }

    /// What to search for in keys of addresses, any of which is enough.
    package static func wanted(_ text: String) -> [String] {
        let lower = text.lowercased()
        let folded = DomainNames.folded(text)
        return folded == lower ? [lower] : [lower, folded]
    }

    private static func forms(_ address: String) -> [String] {
        let lower = address.lowercased()
        guard hasDomainOfOtherSpelling(lower) else { return [lower] }
        var all = [lower]
        for form in [DomainNames.folded(address), DomainNames.inUnicode(DomainNames.folded(address))]
        where !all.contains(form) {
            all.append(form)
        }
        return all
    }

    /// Most addresses are ASCII in one spelling: nothing has to be looked up.
    private static func hasDomainOfOtherSpelling(_ address: String) -> Bool {
        address.utf8.contains { $0 >= 0x80 } || address.contains("xn--")
    }
}
