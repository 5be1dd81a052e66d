/// What becomes of mail out of whose HTML something should be taken, where that cannot be done; raw values are those of settings.
package enum UnsanitizedAction: String, Hashable, Sendable, CaseIterable {
    /// It goes into another message that warns of it, byte for byte.
    case defang
    /// It passes as it came.
    case pass
}
