import { html, type TemplateResult } from 'lit';
import type { TrainingConfig } from '../../training/config.ts';
import type { ScheduleConfig } from '../../training/schedule.ts';
import '../elements/choice-group.ts';
import { numberField } from '../elements/number-field.ts';
import type { ConfigChange } from './config-change.ts';

const kinds = [
  { value: 'cosine', title: 'Cosine', help: 'falls smoothly to the end' },
  { value: 'constant', title: 'Constant', help: 'stays as it is' },
  { value: 'step', title: 'Steps', help: 'falls every so many epochs' },
  { value: 'plateau', title: 'Plateau', help: 'falls when the validation loss stands still' },
];

const initial: Readonly<Record<string, ScheduleConfig>> = {
  cosine: { kind: 'cosine', minFactor: 0, warmupSteps: 0 },
  constant: { kind: 'constant', warmupSteps: 0 },
  step: { kind: 'step', everyEpochs: 10, gamma: 0.1, warmupSteps: 0 },
  plateau: { kind: 'plateau', gamma: 0.5, patience: 3, threshold: 1e-4, minFactor: 0, warmupSteps: 0 },
};

/** How the learning rate goes over the run. */
export function scheduleFields({ schedule }: TrainingConfig, change: ConfigChange): TemplateResult {
  const set = (next: ScheduleConfig): void => change({ schedule: next });
  return html`
    <choice-group
      legend="Learning rate over the run"
      .choices=${kinds}
      .value=${schedule.kind}
      @choose=${({ detail }: CustomEvent<string>) => {
        const chosen = initial[detail];
        if (chosen) set({ ...chosen, warmupSteps: schedule.warmupSteps });
      }}
    ></choice-group>
    <div class="row">
      ${numberField({
        label: 'Warmup, steps',
        value: schedule.warmupSteps,
        min: 0,
        step: 1,
        change: (warmupSteps) => set({ ...schedule, warmupSteps: warmupSteps ?? 0 }),
      })}
      ${
        schedule.kind === 'step'
          ? numberField({
              label: 'Every, epochs',
              value: schedule.everyEpochs,
              min: 1,
              step: 1,
              change: (everyEpochs) => set({ ...schedule, everyEpochs: everyEpochs ?? 10 }),
            })
          : ''
      }
      ${
        schedule.kind === 'plateau'
          ? numberField({
              label: 'Patience, epochs',
              value: schedule.patience,
              min: 0,
              step: 1,
              change: (patience) => set({ ...schedule, patience: patience ?? 3 }),
            })
          : ''
      }
      ${
        'gamma' in schedule
          ? numberField({
              label: 'Times',
              value: schedule.gamma,
              min: 0.01,
              max: 1,
              change: (gamma) => set({ ...schedule, gamma: gamma ?? 0.1 }),
            })
          : ''
      }
      ${
        'minFactor' in schedule
          ? numberField({
              label: 'Lowest, share of the rate',
              value: schedule.minFactor,
              min: 0,
              max: 1,
              change: (minFactor) => set({ ...schedule, minFactor: minFactor ?? 0 }),
            })
          : ''
      }
    </div>
  `;
}
