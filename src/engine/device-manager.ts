import { openDevice, type Device } from '../device/backend.ts';
import { runSelfTest } from '../device/self-test.ts';
import { encoderKnownAnswers } from '../encoder/self-test.ts';
import { errorInWords } from './errors.ts';
import type { EventHub } from './event-hub.ts';
import type { BackendChoice, DeviceStatus } from './protocol.ts';

/**
 * Holds the one device that computes. Opening is lazy; a lost device is rebuilt by asking again. Every rebuild bumps
 * `generation`, so that what lives on the old device can be told from what lives on the new one.
 */
export class DeviceManager {
  readonly #events: EventHub;
  #choice: BackendChoice;
  #opening: Promise<Device> | null = null;
  #generation = 0;

  constructor(events: EventHub, choice: BackendChoice) {
    this.#events = events;
    this.#choice = choice;
  }

  get generation(): number {
    return this.#generation;
  }

  /** The open device; opens it on the first call. */
  async device(): Promise<Device> {
    this.#opening ??= this.#open();
    try {
      return await this.#opening;
    } catch (error) {
      this.#opening = null;
      throw error;
    }
  }

  async status(): Promise<DeviceStatus> {
    return (await this.device()).status;
  }

  /** Switches to another device; what was built on the old one has to be built again. */
  async use(choice: BackendChoice): Promise<DeviceStatus> {
    this.#choice = choice;
    return this.rebuild();
  }

  async rebuild(): Promise<DeviceStatus> {
    const old = await this.#opening?.catch(() => null);
    this.#opening = null;
    old?.dispose();
    const status = await this.status();
    this.#events.emit({ type: 'device', device: status });
    return status;
  }

  /**
   * Runs the known-answer self-test once per device. A GPU that fails it is replaced by wasm, and that is said.
   * @throws SelfTestError when wasm fails it too.
   */
  async proveDevice(): Promise<void> {
    const device = await this.device();
    if (device.status.selfTest === 'passed') return;
    try {
      await runSelfTest(device, await encoderKnownAnswers());
      this.#events.emit({ type: 'device', device: device.status });
    } catch (error) {
      this.#events.emit({ type: 'device', device: device.status });
      if (device.status.backend === 'wasm') throw error;
      const { reason } = errorInWords(error);
      this.#events.emit({
        type: 'notice',
        level: 'warning',
        text: `The GPU failed the self-test, so the processor computes instead. ${reason}`,
      });
      await this.use('wasm');
      await this.proveDevice();
    }
  }

  /** Whoever asks after a loss gets a new device. */
  async #forgetWhenLost(device: Device, generation: number): Promise<void> {
    await device.lost;
    if (this.#generation === generation) this.#opening = null;
  }

  async #open(): Promise<Device> {
    const device = await openDevice(this.#choice);
    this.#generation += 1;
    void this.#forgetWhenLost(device, this.#generation);
    this.#events.emit({ type: 'device', device: device.status });
    return device;
  }
}
