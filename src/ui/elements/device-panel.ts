import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { BackendChoice, DeviceStatus, StorageStatus } from '../../engine/protocol.ts';
import { formatBytes } from '../format.ts';
import { controls } from '../styles/controls.ts';
import { valueOf } from '../event-target.ts';

const choices: readonly { readonly value: BackendChoice; readonly title: string }[] = [
  { value: 'auto', title: 'automatic' },
  { value: 'webgpu', title: 'graphics card (WebGPU)' },
  { value: 'wasm', title: 'processor (WebAssembly)' },
];

export const backendName: Record<DeviceStatus['backend'], string> = {
  webgpu: 'WebGPU',
  wasm: 'WebAssembly',
};

/**
 * What computes and where it is kept.
 * @fires choose-device - `CustomEvent<BackendChoice>`
 */
@customElement('device-panel')
export class DevicePanel extends LitElement {
  @property({ attribute: false }) device: DeviceStatus | null = null;
  @property({ attribute: false }) storage: StorageStatus | null = null;
  @property() choice: BackendChoice = 'auto';

  static override styles = [
    controls,
    css`
      .gauge {
        block-size: 0.5rem;
        background: var(--sunken);
        border: 1px solid var(--line-strong);
        border-radius: 3px;
        overflow: hidden;
      }
      .used {
        block-size: 100%;
        background: var(--accent);
        min-inline-size: 2px;
      }
    `,
  ];

  override render(): TemplateResult {
    return html`<section class="panel stack" aria-labelledby="device">
      <h2 id="device">Device and storage</h2>
      ${this.#device()}
      <label class="field"
        >Compute on
        <select @change=${(event: Event) => this.#choose(valueOf(event))}>
          ${choices.map(
            ({ value, title }) =>
              html`<option value=${value} ?selected=${value === this.choice}>${title}</option>`,
          )}
        </select>
      </label>
      ${this.#storage()}
    </section>`;
  }

  #device(): TemplateResult {
    const { device } = this;
    if (!device) return html`<p class="quiet">Looking for a device…</p>`;
    return html`
      <dl class="facts">
        <dt>Backend</dt>
        <dd>
          ${backendName[device.backend]}${device.backend === 'wasm' ? `, ${device.threads} threads` : ''}
        </dd>
        <dt>Adapter</dt>
        <dd>${device.adapter ?? 'none'}</dd>
        <dt>Self-test</dt>
        <dd>
          ${
            device.selfTest === 'not run'
              ? 'runs before the first shard'
              : html`<span class="tag ${device.selfTest === 'passed' ? 'good' : 'bad'}"
                  >${device.selfTest}</span
                >`
          }
        </dd>
      </dl>
      <p class="small quiet">${device.explanation}</p>
    `;
  }

  #storage(): TemplateResult | string {
    const { storage } = this;
    if (!storage) return '';
    const { usedBytes, freeBytes, persisted } = storage;
    const share = usedBytes / Math.max(1, usedBytes + freeBytes);
    return html`
      <div>
        <div class="gauge" aria-hidden="true">
          <div class="used" .style=${`inline-size: ${100 * share}%`}></div>
        </div>
        <p class="small">${formatBytes(usedBytes)} used, ${formatBytes(freeBytes)} free</p>
      </div>
      ${
        persisted
          ? html`<p class="small quiet">The browser has promised to keep it.</p>`
          : html`<p class="note signal small">
              The browser may clear this site's data when the disk runs low. Export what you cannot lose.
            </p>`
      }
    `;
  }

  #choose(value: string): void {
    this.dispatchEvent(new CustomEvent('choose-device', { detail: value }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'device-panel': DevicePanel;
  }
}
