/**
 * Base of every error that a person may read. The message is a sentence that says what happened, to which file, and
 * what to do. The name survives comlink (`instanceof` does not), so callers match on `error.name`; each subclass
 * spells it out, because minified builds rename classes:
 * `class EmptyAudioError extends PlaygroundError { override readonly name: string = 'EmptyAudioError'; }`
 */
export class PlaygroundError extends Error {
  override readonly name: string = 'PlaygroundError';
}
