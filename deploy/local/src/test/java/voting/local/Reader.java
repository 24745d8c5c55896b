package voting.local;

import com.microsoft.playwright.Browser.NewContextOptions;

/** Who reads the pages: in which language, and on what. */
enum Reader {
    ENGLISH_AT_A_DESK("en-GB", 1280, 800),
    FRENCH_AT_A_DESK("fr-FR", 1280, 800),
    ENGLISH_ON_A_PHONE("en-GB", 390, 844),
    FRENCH_ON_A_PHONE("fr-FR", 390, 844);

    private final String locale;
    private final int width;
    private final int height;

    Reader(String locale, int width, int height) {
        this.locale = locale;
        this.width = width;
        this.height = height;
    }

    NewContextOptions settings() {
        var onPhone = width < height;
        return new NewContextOptions()
                .setLocale(locale)
                .setViewportSize(width, height)
                .setIsMobile(onPhone)
                .setHasTouch(onPhone);
    }

    String language() {
        return locale.substring(0, 2);
    }

    /** What the page says to this reader. */
    String reads(String english, String french) {
        return language().equals("fr") ? french : english;
    }
}
