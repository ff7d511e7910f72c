import Studies
import Testing

@Suite struct StudyFileTests {}
