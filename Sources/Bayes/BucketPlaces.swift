/// Where the values of one table lie in the map, as readers of one snapshot found them: the tree above some thousand buckets
/// costs more than what is looked at in them. Keys are numbers from 0 on, close together.
struct BucketPlaces: Sendable {
    /// Keys that are remembered; those beyond are looked for each time.
    static let limit = 1 << 16

    /// The transaction whose outcome the readers see (`mdb_txn_id`). Its pages stay as they are while one of them is there.
    let snapshot: Int
    private var places: [Place] = []

    private struct Place {
        /// Address in the map; 0 for what was not looked for yet.
        var address: UInt = 0
        var count = 0
    }

    init(snapshot: Int) {
        self.snapshot = snapshot
    }

    func place(of number: UInt64) -> UnsafeBufferPointer<UInt8>? {
        guard number < UInt64(places.count) else { return nil }
        let place = places[Int(number)]
        return UnsafePointer(bitPattern: place.address).map { UnsafeBufferPointer(start: $0, count: place.count) }
    }

    mutating func keep(_ number: UInt64, _ value: UnsafeBufferPointer<UInt8>) {
        guard number < UInt64(Self.limit) else { return }
        let index = Int(number)
        if index >= places.count {
            let more = max(index + 1, min(Self.limit, places.count * 2)) - places.count
            places.append(contentsOf: repeatElement(Place(), count: more))
        }
        places[index] = Place(address: UInt(bitPattern: value.baseAddress), count: value.count)
    }
}
