import { LitElement } from 'lit';
import { property } from 'lit/decorators.js';
import type { AppModel, AppState } from '../app-model.ts';
import type { Room } from '../route.ts';
import { hrefOf } from '../route.ts';

/** A view that reads the app's state and calls its model; the shell gives it both. */
export abstract class WiredView extends LitElement {
  @property({ attribute: false }) model!: AppModel;
  @property({ attribute: false }) app!: AppState;

  protected goTo(room: Room, id?: string): void {
    location.hash = hrefOf(room, id);
  }

  /** Asks the shell for something that only it can do, e.g. opening its file inputs. */
  protected request(type: 'choose-folder' | 'choose-files' | 'open-demo'): void {
    this.dispatchEvent(new CustomEvent(type, { bubbles: true, composed: true }));
  }
}
