import { PlaygroundError } from '../lib/errors.ts';

/** The microphone is not there, or may not be used. */
export class MicrophoneError extends PlaygroundError {
  override readonly name: string = 'MicrophoneError';
}

export interface DecodedAudio {
  /** Mono. */
  readonly samples: Float32Array;
  readonly sampleRate: number;
}

/** Decodes what the browser itself can play, mixed to one channel. @throws EncodingError of the browser */
export async function decodeForPicture(blob: Blob): Promise<DecodedAudio> {
  const context = new OfflineAudioContext(1, 1, 48_000);
  const buffer = await context.decodeAudioData(await blob.arrayBuffer());
  const samples = new Float32Array(buffer.length);
  for (let channel = 0; channel < buffer.numberOfChannels; channel += 1)
    buffer.getChannelData(channel).forEach((sample, index) => {
      samples[index] = (samples[index] ?? 0) + sample / buffer.numberOfChannels;
    });
  return { samples, sampleRate: buffer.sampleRate };
}

/** A recording from the microphone that goes on until it is stopped. */
export class Recorder {
  readonly #recorder: MediaRecorder;
  readonly #stream: MediaStream;
  readonly #chunks: Blob[] = [];

  private constructor(stream: MediaStream) {
    this.#stream = stream;
    this.#recorder = new MediaRecorder(stream);
    this.#recorder.addEventListener('dataavailable', ({ data }) => this.#chunks.push(data));
    this.#recorder.start();
  }

  /**
   * Asks for the microphone, as it is: without the browser's own cleaning, which datasets have not.
   * @throws MicrophoneError
   */
  static async start(): Promise<Recorder> {
    try {
      const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
      return new Recorder(await navigator.mediaDevices.getUserMedia({ audio }));
    } catch (error) {
      const isRefused = error instanceof DOMException && error.name === 'NotAllowedError';
      throw new MicrophoneError(
        isRefused
          ? 'The microphone may not be used on this page: allow it beside the address, then try again.'
          : 'No microphone was found: plug one in, or drop a file instead.',
        { cause: error },
      );
    }
  }

  /** Ends the recording and gives what was heard. @throws MicrophoneError where nothing was */
  async stop(): Promise<DecodedAudio> {
    await this.discard();
    try {
      return await decodeForPicture(new Blob(this.#chunks, { type: this.#recorder.mimeType }));
    } catch (error) {
      throw new MicrophoneError(
        'Nothing was heard before the recording ended: record again, a little longer.',
        {
          cause: error,
        },
      );
    }
  }

  /** Ends the recording and lets the microphone go. */
  async discard(): Promise<void> {
    const ended = new Promise((resolve) => this.#recorder.addEventListener('stop', resolve, { once: true }));
    if (this.#recorder.state !== 'inactive') {
      this.#recorder.stop();
      await ended;
    }
    for (const track of this.#stream.getTracks()) track.stop();
  }
}
