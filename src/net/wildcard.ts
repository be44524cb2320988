import { covers } from '../wildcard.ts';

/** Whether `name` matches `pattern`, in which `*` stands for any run of characters; letter case does not matter. */
export const wildcard = (pattern: string, name: string | undefined): boolean =>
  name !== undefined && covers(pattern.toLowerCase(), name.toLowerCase());
