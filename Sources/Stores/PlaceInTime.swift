/// Where an event or an entry stands in the order of time; ties are broken by the identifier.
package struct PlaceInTime: Sendable, Hashable {
    /// Unix time.
    package var time: Int
    /// Of an event its `id=`, of an entry its `mail_id`.
    package var id: String

    package init(time: Int, id: String) {
        self.time = time
        self.id = id
    }
}
