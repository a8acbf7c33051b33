import BoardServer
import Testing

@Suite struct BoardServerTests {}
