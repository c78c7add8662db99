import { createContext, useContext } from 'react';

export type Language = 'en' | 'de';

/** Every language has the members of English; a member is a text, or a function that returns one. */
export type Texts<T> = Record<Language, T>;

type Widened<T> = {
  [K in keyof T]: T[K] extends string ? string : T[K] extends (...args: never[]) => string ? T[K] : Widened<T[K]>;
};

/**
 * Texts of one area in all languages. A member that a language lacks does not compile.
 * @example const texts = defineTexts({ plan: 'Plan' }, { plan: 'Tarif' });
 */
export function defineTexts<const T extends object>(en: T, de: Widened<T>): Texts<Widened<T>> {
  return { en: en as Widened<T>, de };
}

const STORED = 'tollgate-language';

/** The language that the user chose, or else the first that the browser prefers. */
export function preferredLanguage(): Language {
  const wanted = [localStorage.getItem(STORED) ?? '', ...navigator.languages];
  return wanted.map((one) => one.slice(0, 2)).find((one): one is Language => one === 'en' || one === 'de') ?? 'en';
}

export function storeLanguage(language: Language): void {
  localStorage.setItem(STORED, language);
}

export const LanguageContext = createContext<{ language: Language; setLanguage: (language: Language) => void }>({
  language: 'en',
  setLanguage: () => undefined,
});

/** Texts in the language of the user. */
export function useTexts<T>(texts: Texts<T>): T {
  return texts[useContext(LanguageContext).language];
}
