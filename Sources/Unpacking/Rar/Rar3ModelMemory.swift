/// The memory of the model of PPMd variant H, which Dmitry Shkarin put into the public domain: what is free, and what is given
/// out, decides when the model starts anew, so that it is a part of the format. Text grows from the bottom, contexts from the
/// top, lists of symbols between them; pieces are counted in units of 12 octets.
///
/// Nothing is read or written outside of it: what would be is zero, and `isBroken` is set.
struct Rar3ModelMemory {
    static let unit = 12
    private static let sizes = 38

    private var octets: [UInt8]
    private let size: Int
    /// A place that points nowhere is 0.
    private static let start = 4

    private var freeLists = [Int](repeating: 0, count: sizes)
    /// Units of each size of a piece, and the smallest size that holds so many units.
    private let units: [Int]
    private let sizeOfUnits: [Int]
    private var glueCount = 0

    private(set) var isBroken = false
    /// Where the next octet of text is written.
    var text = 0
    private var low = 0
    private var high = 0
    private(set) var unitsStart = 0

    /// - Parameter size: octets.
    init(size: Int) {
        self.size = size
        // Nothing is read that was not written, and what is never touched takes no memory.
        octets = Array(unsafeUninitializedCapacity: Self.start + size + Self.unit) { _, count in
            count = Self.start + size + Self.unit
        }
        var units: [Int] = []
        var sizeOfUnits: [Int] = []
        for index in 0..<Self.sizes {
            for _ in 0..<(index >= 12 ? 4 : index / 4 + 1) { sizeOfUnits.append(index) }
            units.append(sizeOfUnits.count)
        }
        (self.units, self.sizeOfUnits) = (units, sizeOfUnits)
        clear()
    }

    mutating func clear() {
        for index in freeLists.indices { freeLists[index] = 0 }
        text = Self.start
        high = text + size
        unitsStart = high - size / 8 / Self.unit * 7 * Self.unit
        low = unitsStart
        glueCount = 0
    }

    // MARK: Octets

    private mutating func holds(_ place: Int, _ count: Int) -> Bool {
        if place >= Self.start, place <= octets.count - count { return true }
        isBroken = true
        return false
    }

    mutating func byte(_ place: Int) -> Int { holds(place, 1) ? Int(octets[place]) : 0 }

    mutating func word(_ place: Int) -> Int {
        holds(place, 2) ? Int(octets[place]) | Int(octets[place + 1]) << 8 : 0
    }

    mutating func long(_ place: Int) -> Int {
        guard holds(place, 4) else { return 0 }
        return Int(octets[place]) | Int(octets[place + 1]) << 8 | Int(octets[place + 2]) << 16
            | Int(octets[place + 3]) << 24
    }

    mutating func setByte(_ place: Int, _ value: Int) {
        if holds(place, 1) { octets[place] = UInt8(truncatingIfNeeded: value) }
    }

    mutating func setWord(_ place: Int, _ value: Int) {
        guard holds(place, 2) else { return }
        octets[place] = UInt8(truncatingIfNeeded: value)
        octets[place + 1] = UInt8(truncatingIfNeeded: value >> 8)
    }

    mutating func setLong(_ place: Int, _ value: Int) {
        setWord(place, value)
        setWord(place + 2, value >> 16)
    }

    mutating func copy(from source: Int, to target: Int, count: Int) {
        guard holds(source, count), holds(target, count) else { return }
        for index in 0..<count { octets[target + index] = octets[source + index] }
    }

    // MARK: Pieces

    /// The size of a piece that holds so many units, at most 128.
    private func index(_ count: Int) -> Int { sizeOfUnits[min(max(count, 1), sizeOfUnits.count) - 1] }

    private mutating func put(_ place: Int, _ index: Int) {
        setLong(place, freeLists[index])
        freeLists[index] = place
    }

    private mutating func takeFree(_ index: Int) -> Int {
        let place = freeLists[index]
        freeLists[index] = long(place)
        return place
    }

    /// Frees what is behind the first units of a piece.
    private mutating func split(_ place: Int, from old: Int, to new: Int) {
        putUnits(place + units[new] * Self.unit, units[old] - units[new])
    }

    private mutating func putUnits(_ place: Int, _ count: Int) {
        var index = index(count)
        if units[index] != count {
            index -= 1
            let kept = units[index]
            put(place + kept * Self.unit, count - kept - 1)
        }
        put(place, index)
    }

    /// A piece of so many units; 0 when there is no room.
    mutating func allocate(units count: Int) -> Int { allocate(index(count)) }

    private mutating func allocate(_ index: Int) -> Int {
        if freeLists[index] != 0 { return takeFree(index) }
        let count = units[index] * Self.unit
        if count <= high - low {
            defer { low += count }
            return low
        }
        return allocateRare(index)
    }

    /// A unit for a context.
    mutating func allocateContext() -> Int {
        if high != low {
            high -= Self.unit
            return high
        }
        return freeLists[0] != 0 ? takeFree(0) : allocateRare(0)
    }

    private mutating func allocateRare(_ wanted: Int) -> Int {
        if glueCount == 0 {
            glue()
            if freeLists[wanted] != 0 { return takeFree(wanted) }
        }
        for index in wanted + 1..<max(wanted + 1, Self.sizes) where freeLists[index] != 0 {
            let place = takeFree(index)
            split(place, from: index, to: wanted)
            return place
        }
        glueCount -= 1
        let count = units[wanted] * Self.unit
        guard unitsStart - text > count else { return 0 }
        unitsStart -= count
        return unitsStart
    }

    /// A piece of one unit more; 0 when there is no room.
    mutating func grow(_ place: Int, units count: Int) -> Int {
        let old = index(count)
        guard old != index(count + 1) else { return place }
        let grown = allocate(old + 1)
        guard grown != 0 else { return 0 }
        copy(from: place, to: grown, count: count * Self.unit)
        put(place, old)
        return grown
    }

    mutating func shrink(_ place: Int, units old: Int, to new: Int) -> Int {
        let (oldIndex, newIndex) = (index(old), index(new))
        guard oldIndex != newIndex else { return place }
        if freeLists[newIndex] != 0 {
            let smaller = takeFree(newIndex)
            copy(from: place, to: smaller, count: new * Self.unit)
            put(place, oldIndex)
            return smaller
        }
        split(place, from: oldIndex, to: newIndex)
        return place
    }

    mutating func free(_ place: Int, units count: Int) { put(place, index(count)) }

    /// Makes one of free pieces that lie side by side. While it does, each has a mark of 0 and its units in front, then the
    /// next and the one before it in a ring; what is used has no mark of 0.
    private mutating func glue() {
        let head = Self.start + size
        var node = head
        glueCount = 255
        for index in freeLists.indices {
            var next = freeLists[index]
            freeLists[index] = 0
            while next != 0, !isBroken {
                let following = long(next)
                setLong(next + 4, node)
                setLong(node + 8, next)
                node = next
                setWord(node, 0)
                setWord(node + 2, units[index])
                next = following
            }
        }
        setWord(head, 1)
        setLong(head + 4, node)
        setLong(node + 8, head)
        if low != high { setWord(low, 1) }
        while node != head, !isBroken {
            var count = word(node + 2)
            while !isBroken {
                let neighbour = node + count * Self.unit
                count += word(neighbour + 2)
                if word(neighbour) != 0 || count >= 0x10000 { break }
                let (next, before) = (long(neighbour + 4), long(neighbour + 8))
                setLong(before + 4, next)
                setLong(next + 8, before)
                setWord(node + 2, count)
            }
            node = long(node + 4)
        }
        node = long(head + 4)
        while node != head, !isBroken {
            let next = long(node + 4)
            var count = word(node + 2)
            var place = node
            while count > 128 {
                put(place, Self.sizes - 1)
                place += 128 * Self.unit
                count -= 128
            }
            putUnits(place, count)
            node = next
        }
    }
}
