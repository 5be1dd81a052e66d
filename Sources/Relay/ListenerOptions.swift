package import NIOSSL
package import SMTP

/// What one listener is and does. New connections see the options in force when they come in.
package struct ListenerOptions: Sendable {
    /// Name for logs and for `ReceivedMessage.listener`.
    package var name: String
    /// Where it listens. Two listeners cannot share one.
    package var endpoint: Endpoint
    /// Mode and owner of a Unix socket.
    package var access = ListeningSocket.Access()
    /// A socket from `ListeningSocket.bind`, bound earlier (before root was given up); taken over when the listener is
    /// first opened.
    package var boundDescriptor: Int32?
    /// Settings of the SMTP and LMTP dialogue. STARTTLS is offered only when `tls` is set; `xforwardAllowed` is
    /// overruled for each client by the closure of that name.
    package var session: ServerSession.Settings
    /// Who may connect; others get 554 5.7.1.
    package var clientAllowed: @Sendable (ClientAddress) -> Bool = { _ in true }
    /// Who may use XFORWARD.
    package var xforwardAllowed: @Sendable (ClientAddress) -> Bool = { _ in false }
    /// Times and rates.
    package var deadlines = SessionDeadlines()
    /// Certificate and key for STARTTLS.
    package var tls: NIOSSLContext?

    package init(name: String, endpoint: Endpoint, session: ServerSession.Settings) {
        self.name = name
        self.endpoint = endpoint
        self.session = session
    }
}

/// How long a client may take. A deadline that is missed is answered with 421 4.4.2 and the connection is closed.
package struct SessionDeadlines: Sendable {
    /// From one reply to the next complete command; octets of an unfinished command do not prolong it.
    package var command = Duration.seconds(300)
    /// From one piece of data to the next.
    package var dataBlock = Duration.seconds(180)
    /// From MAIL to the end of data.
    package var message = Duration.seconds(1800)
    /// Lowest average rate of data in octets a second; 0 for none.
    package var minimumRate = 0
    /// When the rate is judged first, from the reply to DATA on.
    package var rateJudgedAfter = Duration.seconds(30)

    package init() {}
}

/// Bounds over all listeners.
package struct ConnectionLimits: Hashable, Sendable {
    /// Connections at one time; the next gets 421 4.7.0.
    package var connections: Int
    /// Connections of one client address at one time; 0 for no bound. Clients on Unix sockets are not counted.
    package var perClient: Int

    package init(connections: Int = 500, perClient: Int = 0) {
        self.connections = connections
        self.perClient = perClient
    }
}
