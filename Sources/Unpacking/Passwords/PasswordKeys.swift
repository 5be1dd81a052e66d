/// Keys that were made of passwords for one message. Each takes some hundredths of a second, and archives of one program need
/// the same ones.
final class PasswordKeys {
    private let most: Int
    private var made: [[UInt8]: [UInt8]] = [:]

    /// - Parameter most: keys that are made for one message.
    init(most: Int) {
        self.most = most
    }

    /// What a password gives under the parameters that `name` stands for; nil when too many were made.
    func key(_ name: [UInt8], _ password: [UInt8], make: () -> [UInt8]) -> [UInt8]? {
        let name = name + [0] + password
        if let key = made[name] { return key }
        guard made.count < most else { return nil }
        let key = make()
        made[name] = key
        return key
    }
}
