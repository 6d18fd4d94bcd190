/** The settings of the script, with the only form that each may have. */
export const settings: Readonly<
  Record<string, { readonly variable: string; readonly form: string; readonly optional?: true }>
>;
/** User data for an instance: the settings, then the script. Throws for a value without the form. */
export function userData(values: Readonly<Record<string, string>>): string;
