import { ArrayMaxSize, IsArray, IsOptional, IsString, Length, Matches } from 'class-validator';
import { MAX_RETURN_URLS, type PortalSettings } from '@app/catalog';
import { NameField, Omittable } from '../../http/input/fields.js';
import { Nested } from '../../http/input/nested.js';

const COLOR = /^#[0-9a-fA-F]{6}$/;
const MAX_URL = 2_000;

/** Colours of the portal. */
export class PutPortalColorsDto {
  /**
   * Of buttons and links.
   * @default #1d4ed8
   * @example "#1d4ed8"
   */
  @Omittable()
  @Matches(COLOR)
  accent?: string;

  /**
   * Of the background of the page.
   * @default #ffffff
   * @example "#ffffff"
   */
  @Omittable()
  @Matches(COLOR)
  background?: string;

  /**
   * Of the text on the page.
   * @default #111827
   * @example "#111827"
   */
  @Omittable()
  @Matches(COLOR)
  text?: string;
}

/** The portal of a product. Omitted settings have their defaults. */
export class PutPortalSettingsDto {
  /** Name in the head of the pages. Left out: the name of the product. @example "Example API" */
  @NameField({ optional: 'not null' })
  name?: string;

  /** An https:// URL of a picture; null: none. @example "https://cdn.example.com/logo.svg" */
  @IsOptional()
  @IsString()
  @Length(1, MAX_URL)
  logoUrl?: string | null;

  /** Colours of the pages. */
  @Omittable()
  @Nested(() => PutPortalColorsDto)
  colors?: PutPortalColorsDto;

  /**
   * Where the portal may lead back to: an https:// origin, or one with a path. Every URL with this origin, and with this
   * path or one below it, is allowed. http:// is for localhost only.
   * @example ["https://app.example.com/billing"]
   */
  @Omittable()
  @IsArray()
  @ArrayMaxSize(MAX_RETURN_URLS)
  @IsString({ each: true })
  @Length(1, MAX_URL, { each: true })
  allowedReturnUrls?: string[];
}

export class PortalColorsDto {
  accent: string;
  background: string;
  text: string;
}

/** The portal of a product. */
export class PortalSettingsDto {
  name: string;
  logoUrl: string | null;
  colors: PortalColorsDto;
  allowedReturnUrls: string[];

  static of(settings: PortalSettings): PortalSettingsDto {
    return settings;
  }
}
