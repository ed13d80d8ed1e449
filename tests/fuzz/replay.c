/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Feeds every file of a corpus to a fuzz target, so that what a fuzzer once found stays found without one. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *buffer = malloc(INPUT_MAX);
    uint8_t *input = NULL;
    size_t size = 0;

    if (file == NULL || buffer == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    size = fread(buffer, 1, INPUT_MAX, file);
    fclose(file);
    input =
        malloc(size > 0 ? size : 1); /* exactly as large as the input, so that AddressSanitizer sees a step beyond it */
    if (input == NULL)
        exit(EXIT_FAILURE);
    memcpy(input, buffer, size);
    free(buffer);
    LLVMFuzzerTestOneInput(input, size);
    free(input);
    return 1;
}

int main(int argc, char **argv)
{
    int replayed = 0;
    const struct dirent *entry = NULL;
    DIR *corpus = argc == 2 ? opendir(argv[1]) : NULL;

    if (corpus == NULL) {
        fprintf(stderr, "usage: %s CORPUS_DIRECTORY\n", argv[0]);
        return EXIT_FAILURE;
    }
    while ((entry = readdir(corpus)) != NULL) {
        char path[4096];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        replayed += replay_file(path);
    }
    closedir(corpus);
    printf("%d inputs\n", replayed);
    return replayed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
