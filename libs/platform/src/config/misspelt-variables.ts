/** A variable that is no setting, and the setting that it resembles. */
export interface MisspeltVariable {
  name: string;
  meant: string;
}

const PREFIX = /^TOLLGATE_/;
/** Variables that other programs set: OpenTelemetry's, and those of Kubernetes for a service named `tollgate`. */
const FOREIGN = /^(OTEL_|TOLLGATE_(PORT|SERVICE)(_|$))/;
/** Characters of a setting for each one that may be wrong, at least one. */
const CHARACTERS_PER_ERROR = 6;
/** A shortened name has at least this length: `RATE_LIMIT` for `RATE_LIMIT_PER_MINUTE`. */
const MIN_SHORTENED = 8;
/** A longer beginning in common is no coincidence: `TRUSTED_PROXY`. */
const MIN_COMMON = { characters: 12, share: 0.8 };

/**
 * Finds variables that resemble a setting and are none. Empty ones count as not set.
 * @param settings the names of all settings
 */
export function misspeltVariables(
  environment: Readonly<Record<string, string | undefined>>,
  settings: readonly string[],
): MisspeltVariable[] {
  return Object.entries(environment).flatMap(([name, value]) => {
    if (!value || settings.includes(name) || FOREIGN.test(name)) return [];
    const meant = settingLike(name.toUpperCase().replace(PREFIX, ''), settings);
    return meant ? [{ name, meant }] : [];
  });
}

function settingLike(name: string, settings: readonly string[]): string | undefined {
  const nearest = settings
    .map((setting) => ({ setting, errors: distance(name, setting) }))
    .sort((one, other) => one.errors - other.errors)
    .find(({ setting, errors }) => errors <= Math.max(1, Math.floor(setting.length / CHARACTERS_PER_ERROR)));
  return nearest?.setting ?? settings.find((setting) => isVariantOf(name, setting));
}

/** True for a shortened name, the same words in another order, and a long common beginning. */
function isVariantOf(name: string, setting: string): boolean {
  if (name.length >= MIN_SHORTENED && name.includes('_') && setting.startsWith(name)) return true;
  if (wordsOf(name) === wordsOf(setting)) return true;
  const different = [...setting].findIndex((character, index) => character !== name[index]);
  const common = different < 0 ? setting.length : different;
  return common >= MIN_COMMON.characters && common >= setting.length * MIN_COMMON.share;
}

const wordsOf = (name: string): string => name.split('_').sort().join('_');

/** Edit distance: insertions, deletions, replacements, exchanges of neighbours (restricted Damerau-Levenshtein). */
function distance(one: string, other: string): number {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= one.length; row++) {
    rows.push([row]);
    for (let column = 1; column <= other.length; column++) {
      const replaced = rows[row - 1]![column - 1]! + (one[row - 1] === other[column - 1] ? 0 : 1);
      const exchanged =
        row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
          ? rows[row - 2]![column - 2]! + 1
          : Infinity;
      rows[row]!.push(Math.min(replaced, exchanged, rows[row - 1]![column]! + 1, rows[row]![column - 1]! + 1));
    }
  }
  return rows[one.length]![other.length]!;
}
