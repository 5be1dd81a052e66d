/// Bounds of matching, so that no pattern and no text can hang a worker.
package struct PatternLimits: Hashable, Sendable {
    /// Steps of one match of a pcre pattern (`PCRE2_MATCH_LIMIT`); PCRE2's own default, and so Postfix's, is 10,000,000.
    package var matchSteps = 10_000_000
    /// KiB of heap that PCRE2's interpreter may take for one match of a pcre pattern (`heap_limit` of pcre2api(3)); an
    /// alternation that is repeated over a header of 102,400 octets takes half of it. Kept from match to match.
    package var heapKiB = 65_536
    /// Octets of the stack that machine code of a pattern may take, reserved and used only as far as a match needs; the
    /// same alternation takes a quarter of it.
    package var jitStack = 16_777_216

    package init() {}
}

/// What came of one match.
enum MatchResult: Equatable {
    case match
    case noMatch
    /// The engine gave up, in its own words; counts as no match (`pcre_table(5)`), even for a negated pattern.
    case failed(String)
}
