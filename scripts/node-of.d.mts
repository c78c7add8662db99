export function install(folder: string, ...packages: string[]): void;
export function nodeOf(major: number): string;
