import type { TrainingConfig } from '../../training/config.ts';

/** What a group of fields shows, and how it tells that something was chosen. */
export type ConfigChange = (change: Partial<TrainingConfig>) => void;
