import type { LawsOptions } from 'sluice/testing';

/** An operator with one mistake. */
export interface Wrong extends Pick<LawsOptions, 'operator' | 'window' | 'delivers' | 'throws'> {
  /** What it does that it must not do. */
  readonly what: string;
  /** The law that it breaks. */
  readonly law: string;
}
